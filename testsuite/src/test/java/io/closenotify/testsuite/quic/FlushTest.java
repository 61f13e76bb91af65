package io.closenotify.testsuite.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownResult;
import io.closenotify.quic.QuicCloseDelivery;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicPeerCloseEvent;
import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.QuicStreams;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.Waits;
import io.netty.buffer.Unpooled;
import io.netty.incubator.codec.quic.QuicStreamType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What was written arrives before the close does; and where it cannot, this is told in time. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(120)
class FlushTest {

    private static final QuicConnectionClose DONE = QuicConnectionClose.application((1L << 32) + 7, "done");
    private static final QuicShutdownPolicy PATIENT = QuicShutdownPolicy.compliant().toBuilder()
            .close(DONE)
            .flushTimeout(Duration.ZERO)
            .build();
    private static final QuicShutdownPolicy HASTY = QuicShutdownPolicy.compliant().toBuilder()
            .close(DONE)
            .flushTimeout(Duration.ofSeconds(1))
            .closeTimeout(Duration.ofSeconds(1))
            .build();

    private static final int ATTEMPTS = 10;

    /** A peer that lets 10,000 bytes of a stream come, and reads none. */
    private static QuicSetup notReading() {
        return ShutdownPair.setup().windows(20_000, 10_000)
                .streamPipeline(stream -> stream.config().setAutoRead(false));
    }

    private static void conclude(OurStream stream, int bytes) {
        QuicStreams.conclude(stream.channel(), Unpooled.wrappedBuffer(Pattern.bytes(0, bytes)));
    }

    private static void assertArrived(OurConnection far, int streams, int bytes) throws InterruptedException {
        for (int stream = 0; stream < streams; stream++) {
            OurStream received = far.nextStream();
            received.awaitFin();
            assertThat(received.bytes()).isEqualTo(bytes);
            assertThat(received.intact()).isTrue();
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest(name = "{0} streams of {1} bytes, {2} lost each way")
    @CsvSource({
        "1, 1, 0", "1, 10000, 0", "1, 1000000, 0", "1, 10000000, 0", "100, 10000, 0",
        "1, 1, 0.05", "1, 10000, 0.05", "1, 1000000, 0.05", "100, 1000, 0.05",
        "1, 1, 0.2", "1, 10000, 0.2", "1, 100000, 0.2", "100, 100, 0.2"})
    void every_byte_and_fin_arrives_then_the_close_with_code_and_reason(int streams, int bytes, double loss)
            throws Exception {
        for (int run = 0; run < (bytes <= 10_000 ? 3 : 1); run++) {
            try (ShutdownPair pair = ShutdownPair.overLossyPath(streams + bytes + run, loss)) {
                List<OurStream> opened = new ArrayList<>();
                for (int stream = 0; stream < streams; stream++) {
                    opened.add(pair.near().open(QuicStreamType.BIDIRECTIONAL));
                }
                opened.forEach(stream -> conclude(stream, bytes));
                QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(PATIENT));
                assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.CLEAN);
                assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.ON_WIRE);
                assertThat(outcome.bytesUnacknowledged()).isZero();
                assertArrived(pair.far(), streams, bytes);
                // The one close may be lost: then the peer learns of it by its next packet, which it need not send.
                if (loss == 0) {
                    QuicShutdownOutcome told = ShutdownPair.outcome(ShutdownPair.handler(pair.far()).outcome());
                    assertThat(told.close()).isEqualTo(DONE);
                    assertThat(told.result()).isEqualTo(ShutdownResult.CLEAN);
                    assertThat(told.initiator()).isEqualTo(ShutdownInitiator.PEER);
                    assertThat(pair.far().events()).contains(new QuicPeerCloseEvent(DONE));
                }
            }
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void data_without_fin_is_flushed_without_adding_one() throws Exception {
        try (ShutdownPair pair = ShutdownPair.overLossyPath(1, 0)) {
            pair.near().open(QuicStreamType.BIDIRECTIONAL).write(50_000);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(PATIENT));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
            OurStream received = pair.far().nextStream();
            pair.far().awaitEnd();
            assertThat(received.bytes()).isEqualTo(50_000);
            assertThat(received.finished()).isFalse();
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest(name = "{0} blocked")
    @CsvSource({"TO_SERVER", "TO_CLIENT"})
    void a_path_dead_in_one_direction_ends_by_the_flush_timeout(Direction blocked) throws Exception {
        try (ShutdownPair pair = ShutdownPair.overLossyPath(2, 0)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            pair.relay().block(blocked);
            stream.write(1_000_000);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(HASTY));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.bytesUnacknowledged()).isGreaterThan(900_000);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void a_few_bytes_on_a_dead_path_are_never_taken_for_acknowledged() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup().idleTimeout(Duration.ofSeconds(2)),
                ShutdownPair.setup().idleTimeout(Duration.ofSeconds(2)), ShutdownPair::slow)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            pair.relay().block(Direction.TO_SERVER);
            Waits.done(stream.write(100));
            // The back-off of the probes exceeds the idle timeout before that is over.
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(PATIENT));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(outcome.bytesUnacknowledged()).isGreaterThanOrEqualTo(100);
            assertThat(outcome.cause()).hasMessageContaining("idle timeout");
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void a_path_that_died_before_the_shutdown_is_not_taken_for_flushed() throws Exception {
        try (ShutdownPair pair = ShutdownPair.overLossyPath(3, 0)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            pair.relay().block(Direction.TO_SERVER);
            Waits.done(stream.write(100));
            ShutdownPair.letPass(pair.near(), Duration.ofSeconds(3));
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(HASTY));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.bytesUnacknowledged()).isGreaterThanOrEqualTo(100);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void without_an_idle_timeout_the_flush_is_seen_to_be_over() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup().idleTimeout(Duration.ZERO),
                ShutdownPair.setup().idleTimeout(Duration.ZERO), relay -> relay)) {
            conclude(pair.near().open(QuicStreamType.BIDIRECTIONAL), 10_000);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(PATIENT));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
            assertArrived(pair.far(), 1, 10_000);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void without_an_idle_timeout_a_dead_path_ends_by_the_flush_timeout() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup().idleTimeout(Duration.ZERO),
                ShutdownPair.setup().idleTimeout(Duration.ZERO), relay -> relay)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            pair.relay().block(Direction.TO_SERVER);
            stream.write(100);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(HASTY));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.bytesUnacknowledged()).isGreaterThanOrEqualTo(100);
            ShutdownPair.handler(pair.far()).abort();
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void a_stream_blocked_by_flow_control_ends_by_the_flush_timeout_with_what_is_left() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(),
                notReading(), relay -> relay)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            stream.write(50_000);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(HASTY));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.ON_WIRE);
            assertThat(outcome.bytesUnacknowledged()).isBetween(40_000L, 50_000L);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void a_stream_that_the_peer_stops_during_the_flush_is_not_waited_for() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(),
                notReading(), relay -> relay)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            stream.write(50_000);
            QuicShutdownFuture future = pair.shutdown(PATIENT);
            Waits.done(pair.far().nextStream().channel().shutdownInput(9));
            assertThat(ShutdownPair.outcome(future).result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void a_stream_that_was_reset_is_not_waited_for() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(),
                notReading(), relay -> relay)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            stream.write(50_000);
            Waits.done(QuicStreams.reset(stream.channel(), QuicConnectionClose.MAX_ERROR_CODE));
            stream.write(1_000);
            assertThat(ShutdownPair.outcome(pair.shutdown(PATIENT)).result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void a_reset_during_the_flush_ends_the_wait_for_its_stream() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(),
                notReading(), relay -> relay)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            stream.write(50_000);
            QuicShutdownFuture future = pair.shutdown(PATIENT);
            Waits.done(QuicStreams.reset(stream.channel(), 1));
            assertThat(ShutdownPair.outcome(future).result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void a_connection_that_was_silent_for_long_is_known_to_be_flushed_at_once() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup().idleTimeout(Duration.ofSeconds(5)),
                ShutdownPair.setup().idleTimeout(Duration.ofSeconds(5)), relay -> relay)) {
            conclude(pair.near().open(QuicStreamType.BIDIRECTIONAL), 10_000);
            assertArrived(pair.far(), 1, 10_000);
            // The idle timer has less left than what has passed: by itself it tells nothing any more.
            ShutdownPair.letPass(pair.near(), Duration.ofMillis(2_700));
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(HASTY));
            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void the_peers_close_during_the_flush_is_not_a_success() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(),
                notReading(), relay -> relay)) {
            pair.near().open(QuicStreamType.BIDIRECTIONAL).write(50_000);
            QuicShutdownFuture future = pair.shutdown(PATIENT);
            pair.far().nextStream();
            ShutdownPair.handler(pair.far()).shutdown(QuicShutdownPolicy.rapid().toBuilder()
                    .close(QuicConnectionClose.application(3, "enough")).build());
            QuicShutdownOutcome outcome = ShutdownPair.outcome(future);
            assertThat(outcome.result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.PEER_CONFIRMED);
            assertThat(outcome.remote()).isTrue();
            assertThat(outcome.close()).isEqualTo(QuicConnectionClose.application(3, "enough"));
            assertThat(outcome.bytesUnacknowledged()).isPositive();
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest(name = "{0} ms one way, idle timeout {1} ms")
    @CsvSource({"150, 5000", "100, 3000", "50, 1000"})
    void an_idle_timeout_that_is_short_for_the_path_does_not_hide_the_end_of_the_flush(long oneWay, long idle)
            throws Exception {
        QuicShutdownOutcome outcome;
        int attempt = 0;
        do {
            outcome = flushed(oneWay, idle);
            // Who looks at quiche's timer too late, by 2 % of the idle timeout, cannot tell: the machine may be busy.
        } while (outcome.result() == ShutdownResult.PEER_SILENT && ++attempt < ATTEMPTS);
        assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.CLEAN);
    }

    private static QuicShutdownOutcome flushed(long oneWay, long idle) throws InterruptedException {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup().idleTimeout(Duration.ofMillis(idle)),
                ShutdownPair.setup().idleTimeout(Duration.ofMillis(idle)),
                relay -> relay.delay(Direction.TO_SERVER, Duration.ofMillis(oneWay))
                        .delay(Direction.TO_CLIENT, Duration.ofMillis(oneWay)))) {
            conclude(pair.near().open(QuicStreamType.BIDIRECTIONAL), 100);
            return ShutdownPair.outcome(pair.shutdown(PATIENT));
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void a_handler_that_comes_late_knows_nothing_of_what_was_written_before() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(new QuicSetup(), ShutdownPair.setup(), relay -> relay)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            pair.relay().block(Direction.TO_SERVER);
            stream.write(5_000);
            ShutdownPair.letPass(pair.near(), Duration.ofSeconds(3));
            Waits.done(pair.near().channel().eventLoop().submit(() ->
                    ShutdownPair.add(pair.near().channel(), HASTY)));
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(HASTY));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.bytesUnacknowledged()).isPositive();
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void writes_that_a_stream_close_has_overtaken_are_told_at_once() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(), notReading(), relay -> relay)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            stream.write(500_000);
            stream.channel().shutdownOutput();
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(PATIENT));
            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.bytesUnacknowledged()).isGreaterThan(400_000);
        }
    }
}
