package io.closenotify.examples.probe.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.examples.probe.Exchange.Direction;
import io.closenotify.examples.probe.Exchange.Event;
import io.closenotify.tls.TlsRecord;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What is kept of what passes, and what is not. */
final class ObservationTest {

    private static final int LENGTH = 16_384 + 17;

    private final Observation seen = new Observation("id", "title");

    private void receive(int records, int length) {
        for (int i = 0; i < records; i++) {
            seen.onRecord(new TlsRecord(TlsRecord.Direction.RECEIVED, TlsRecord.APPLICATION_DATA, 0x0303, length,
                    System.nanoTime()));
        }
    }

    @Test
    void a_peer_that_sends_more_than_32_mib_is_given_up_once() {
        AtomicInteger givenUp = new AtomicInteger();
        seen.onFlood(givenUp::incrementAndGet);
        int most = (32 << 20) / (LENGTH + TlsRecord.HEADER_LENGTH);
        receive(most, LENGTH);
        assertThat(seen.isFlooded()).isFalse();

        receive(10, LENGTH);

        assertThat(seen.isFlooded()).isTrue();
        assertThat(seen.ended()).isTrue();
        assertThat(givenUp).hasValue(1);
    }

    @Test
    void of_many_records_the_first_300_are_kept_and_the_others_counted() {
        seen.handshaken(true);
        receive(1_000, 100);

        List<Event> events = seen.exchange().events();
        assertThat(events).hasSize(301);
        assertThat(events.get(300).direction()).isEqualTo(Direction.NOTE);
        assertThat(events.get(300).what()).isEqualTo("700 more records left out");
    }

    @Test
    void a_close_notify_that_was_left_out_has_its_own_time() {
        seen.handshaken(true);
        receive(301, 100);
        seen.data(Unpooled.wrappedBuffer(new byte[83]));
        long before = seen.lastDataAt();
        receive(1, 19);
        seen.closeNotify();

        assertThat(seen.closeNotifyReceivedAt()).isGreaterThanOrEqualTo(before);
    }
}
