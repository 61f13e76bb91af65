package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplayWindowTest {

    /** All that was ever received. */
    private static final class Model {

        private final long base;
        private final Set<Long> received = new HashSet<>();
        private long highest;

        Model(long base) {
            this.base = base;
            highest = base;
            received.add(base);
        }

        boolean accepts(long sequence) {
            return sequence > highest - 64 && !received.contains(sequence);
        }

        void add(long sequence) {
            received.add(sequence);
            highest = Math.max(highest, sequence);
        }

        /** Of those behind the handshake's last record, or of all if data was numbered before it. */
        long missingBefore(long sequence) {
            long from = received.stream().anyMatch(one -> one < base) ? 0 : base + 1;
            long missing = 0;
            for (long one = from; one < sequence; one++) {
                missing += received.contains(one) ? 0 : 1;
            }
            return missing;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 5, 100})
    void it_agrees_with_a_model_that_forgets_nothing(long base) {
        Random random = new Random(base);
        for (int run = 0; run < 300; run++) {
            ReplayWindow window = new ReplayWindow(base, 0);
            Model model = new Model(base);
            int jump = 1 + random.nextInt(40);
            for (int step = 0; step < 100; step++) {
                long sequence = Math.max(0, model.highest + random.nextInt(2 * jump) - jump);
                assertThat(window.accepts(sequence)).as("%s after %s", sequence, model.received)
                        .isEqualTo(model.accepts(sequence));
                if (window.accepts(sequence)) {
                    window.add(sequence);
                    model.add(sequence);
                }
                long next = model.highest + 1 + random.nextInt(5);
                assertThat(window.missingBefore(next)).isEqualTo(model.missingBefore(next));
            }
        }
    }

    @Test
    void a_gap_larger_than_the_window_clears_it() {
        ReplayWindow window = new ReplayWindow(0, 0);
        for (long ahead : List.of(63L, 64L, 65L, 1L << 40)) {
            long from = ahead * 1_000;
            window.add(from);
            window.add(from + ahead);
            assertThat(window.accepts(from)).isFalse();
            assertThat(window.accepts(from + ahead)).isFalse();
            assertThat(window.accepts(from + ahead - 1)).isTrue();
            assertThat(window.accepts(from + ahead - 64)).isFalse();
        }
    }

    /** Data that was sent before the close_notify, in a network that loses, doubles and overtakes. */
    @Test
    void what_is_missing_is_never_less_than_what_was_lost() {
        for (int seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair().handshake()) {
                boolean loses = seed % 3 != 0;
                List<ByteBuf> onTheWay = new ArrayList<>();
                int sent = 1 + random.nextInt(100);
                for (int i = 0; i < sent; i++) {
                    pair.client.write("x");
                    onTheWay.add(pair.client.sent());
                }
                pair.client.handler.shutdown();
                onTheWay.add(pair.client.sent());
                // Nobody is overtaken by more than 32: what is older than the window is lost.
                Map<ByteBuf, Long> arrivals = new IdentityHashMap<>();
                onTheWay.forEach(one -> arrivals.put(one, DtlsRecord.sequence(one) + random.nextInt(32)));
                onTheWay.sort(Comparator.comparing(arrivals::get));
                for (ByteBuf datagram : onTheWay) {
                    boolean isData = DtlsRecord.type(datagram) == DtlsRecord.APPLICATION_DATA;
                    if (loses && isData && random.nextInt(4) == 0) {
                        datagram.release();
                        continue;
                    }
                    if (random.nextInt(4) == 0) {
                        pair.server.deliver(datagram.copy());
                    }
                    pair.server.deliver(datagram);
                }
                pair.pass(100);
                long lost = sent - pair.server.received.length();
                assertThat(pair.server.outcome().missingAtMost()).as("seed %s", seed)
                        .isGreaterThanOrEqualTo(lost).isLessThanOrEqualTo(loses ? lost : 0);
            }
        }
    }

    @Test
    void a_repeated_finished_is_not_waited_for_but_counts_as_missing() {
        ReplayWindow window = new ReplayWindow(0, ReplayWindow.with(1, 0));
        window.sawHandshake(2);
        window.add(3);
        assertThat(window.missingBefore(4)).isEqualTo(2);
        assertThat(window.mayLackBefore(4)).isFalse();
        assertThat(window.missingBefore(5)).isEqualTo(3);
        assertThat(window.mayLackBefore(5)).isTrue();
    }
}
