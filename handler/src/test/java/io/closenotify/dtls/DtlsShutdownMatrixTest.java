package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.dtls.EmbeddedDtlsPair.Side;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every mode in every order in a network that loses alerts. */
class DtlsShutdownMatrixTest {

    enum First { CLIENT, SERVER, BOTH }

    /** The first so many alerts that are lost: of who began (both count as that), and of who answers. */
    record Loss(int ours, int answers) {
    }

    record Row(ShutdownMode mode, First first, Loss loss) {
    }

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (ShutdownMode mode : ShutdownMode.values()) {
            for (First first : First.values()) {
                for (int ours : new int[] {0, 1, 3, 100}) {
                    for (int answers : new int[] {0, 1, 3, 100}) {
                        rows.add(new Row(mode, first, new Loss(ours, answers)));
                    }
                }
            }
        }
        return rows;
    }

    @ParameterizedTest
    @MethodSource("rows")
    void each_side_has_one_outcome_that_is_true(Row row) {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair().handshake()) {
            ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder().mode(row.mode()).build();
            Side initiator = row.first() == First.SERVER ? pair.server : pair.client;
            Side other = initiator == pair.client ? pair.server : pair.client;
            initiator.write("last words");
            EmbeddedDtlsPair.carry(initiator, other);
            List<ChannelFuture> closed = new ArrayList<>();
            List<ShutdownFuture> futures = new ArrayList<>();
            for (Side side : row.first() == First.BOTH ? List.of(initiator, other) : List.of(initiator)) {
                futures.add(side.handler.shutdown(policy));
                closed.add(side.channel.pipeline().close());
            }
            Counter ofInitiator = new Counter(row.loss().ours());
            Counter ofOther = new Counter(row.first() == First.BOTH ? row.loss().ours() : row.loss().answers());
            for (int passed = 0; passed < 10_000; passed += 50) {
                carry(initiator, other, ofInitiator);
                carry(other, initiator, ofOther);
                pair.pass(50);
            }
            assertThat(other.received).hasToString("last words");
            check(initiator, ofInitiator, ofOther);
            assertThat(futures).allSatisfy(future -> assertThat(future.outcome()).isIn(
                    initiator.outcome(), other.outcome()));
            assertThat(closed).allMatch(ChannelFuture::isDone);
            assertThat(initiator.channel.isOpen()).isFalse();
            assertThat(initiator.channel.hasPendingTasks()).isFalse();
            if (ofInitiator.passed > 0 || row.first() == First.BOTH) {
                check(other, ofOther, ofInitiator);
                assertThat(other.channel.isOpen()).isFalse();
                assertThat(other.channel.hasPendingTasks()).isFalse();
            } else {
                assertThat(other.outcome()).isNull();
            }
        }
    }

    /** What was seen on the wire against what was told. */
    private static void check(Side side, Counter sent, Counter got) {
        ShutdownOutcome outcome = side.outcome();
        assertThat(outcome).isNotNull();
        assertThat(side.exceptions).isEmpty();
        assertThat(outcome.closeNotifySent()).isEqualTo(sent.seen > 0 || outcome.mode() == ShutdownMode.QUIET);
        if (outcome.result() == ShutdownResult.CLEAN) {
            assertThat(got.passed).isPositive();
            assertThat(sent.seen).isPositive();
            assertThat(outcome.missingAtMost()).isZero();
        }
        if (outcome.result() == ShutdownResult.PEER_SILENT) {
            assertThat(got.passed).isZero();
            assertThat(outcome.isSuccess()).isFalse();
        }
        if (outcome.mode() == ShutdownMode.QUIET && sent.seen == 0) {
            assertThat(outcome.result()).isEqualTo(ShutdownResult.QUIET);
        }
        assertThat(outcome.repeats()).isLessThanOrEqualTo(Math.max(0, sent.seen - 1));
        assertThat(outcome.result()).isIn(ShutdownResult.CLEAN, ShutdownResult.UNIDIRECTIONAL, ShutdownResult.QUIET,
                ShutdownResult.PEER_SILENT);
    }

    /** Loses the first alerts. */
    private static final class Counter {

        private int toLose;
        private int seen;
        private int passed;

        Counter(int toLose) {
            this.toLose = toLose;
        }

        boolean loses() {
            seen++;
            if (toLose > 0) {
                toLose--;
                return true;
            }
            passed++;
            return false;
        }
    }

    private static void carry(Side from, Side to, Counter counter) {
        for (ByteBuf datagram = from.sent(); datagram != null; datagram = from.sent()) {
            if (DtlsRecord.type(datagram) == DtlsRecord.ALERT && counter.loses()) {
                datagram.release();
            } else {
                to.deliver(datagram);
            }
        }
    }
}
