package io.closenotify.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.closenotify.ConnectionOutcome;
import io.closenotify.Protocol;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.closenotify.observe.ShutdownRecording.QuicClose;
import io.closenotify.observe.ShutdownRecording.QuicEnd;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Category;
import jdk.jfr.Recording;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShutdownEventTest {

    private static final String EVENT = "io.closenotify.Shutdown";
    private static final InetSocketAddress PEER = new InetSocketAddress(InetAddress.getLoopbackAddress(), 4433);
    private static final int CALLS = 100_000;

    private static @Nullable ShutdownRecording sink;

    @TempDir
    private Path directory;

    @Test
    void what_is_not_recorded_allocates_nothing() {
        // Before any recording of this runtime, and again after one, when the Flight Recorder is there.
        assertNothingIsAllocated();
        try (Recording recording = new Recording()) {
            recording.start();
            assertThat(ShutdownRecording.begin()).isNotNull();
        }
        assertNothingIsAllocated();
        try (Recording recording = new Recording()) {
            recording.disable(EVENT);
            recording.start();
            assertNothingIsAllocated();
        }
    }

    private static void assertNothingIsAllocated() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        begin();
        long before = threads.getCurrentThreadAllocatedBytes();
        begin();
        // The measurement itself may have some.
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(CALLS);
        assertThat(sink).isNull();
    }

    private static void begin() {
        for (int call = 0; call < CALLS; call++) {
            sink = ShutdownRecording.begin();
        }
    }

    @Test
    void the_fields_of_tls_are_those_of_its_outcome() throws IOException {
        RecordedEvent event = record(recording -> recording.commit(
                outcome("close_notify", new IllegalStateException("of no account")), PEER));
        assertThat(event.getString("protocol")).isEqualTo("dtls");
        assertThat(event.getString("peer")).isEqualTo("127.0.0.1:4433");
        assertThat(event.getString("mode")).isEqualTo("fast");
        assertThat(event.getString("result")).isEqualTo("peer_silent");
        assertThat(event.getBoolean("success")).isFalse();
        assertThat(event.getString("initiator")).isEqualTo("local");
        assertThat(event.getDuration("elapsed")).isEqualTo(Duration.ofMillis(6));
        assertThat(event.getDuration("flushTime")).isEqualTo(Duration.ofMillis(1));
        assertThat(event.getDuration("peerTime")).isEqualTo(Duration.ofMillis(2));
        assertThat(event.getDuration("lingerTime")).isEqualTo(Duration.ofMillis(3));
        assertThat(event.getBoolean("closeNotifySent")).isTrue();
        assertThat(event.getBoolean("closeNotifyReceived")).isFalse();
        assertThat(event.getString("lastAlert")).isEqualTo("close_notify");
        assertThat(event.getLong("bytesDelivered")).isEqualTo(11);
        assertThat(event.getLong("bytesDiscarded")).isEqualTo(12);
        assertThat(event.getLong("bytesNotFlushed")).isEqualTo(13);
        assertThat(event.getBoolean("transportKept")).isTrue();
        assertThat(event.getBoolean("sessionResumable")).isTrue();
        assertThat(event.getInt("repeats")).isEqualTo(14);
        assertThat(event.getLong("missingAtMost")).isEqualTo(15);
        assertThat(event.getString("cause")).isEqualTo("java.lang.IllegalStateException: of no account");
        assertThat(event.getLong("errorCode")).isEqualTo(-1);
        assertThat(event.getLong("bytesUnacknowledged")).isEqualTo(Long.MIN_VALUE);
        assertThat(event.getStackTrace()).isNull();
    }

    @Test
    void the_fields_of_quic_are_those_of_its_outcome() throws IOException {
        QuicEnd end = new QuicEnd(new QuicClose(true, true, (1L << 62) - 1, "bye"), ShutdownMode.QUIET, 21,
                Duration.ofMillis(4), Duration.ofMillis(5));
        RecordedEvent event = record(recording -> recording.commit(quic(), PEER, end));
        assertThat(event.getString("protocol")).isEqualTo("quic");
        assertThat(event.getLong("errorCode")).isEqualTo((1L << 62) - 1);
        assertThat(event.getString("reason")).isEqualTo("bye");
        assertThat(event.getBoolean("remote")).isTrue();
        assertThat(event.getBoolean("closeNotifyReceived")).isTrue();
        assertThat(event.getBoolean("closeNotifySent")).isFalse();
        assertThat(event.getBoolean("application")).isTrue();
        assertThat(event.getString("delivery")).isEqualTo("quiet");
        assertThat(event.getLong("bytesUnacknowledged")).isEqualTo(21);
        assertThat(event.getDuration("flushTime")).isEqualTo(Duration.ofMillis(4));
        assertThat(event.getDuration("closeTime")).isEqualTo(Duration.ofMillis(5));
        assertThat(event.getLong("bytesNotFlushed")).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void what_is_not_known_is_left_out() throws IOException {
        RecordedEvent tls = record(recording -> recording.commit(outcome(null, null), null));
        assertThat(tls.getString("peer")).isNull();
        assertThat(tls.getString("lastAlert")).isNull();
        assertThat(tls.getString("cause")).isNull();
        QuicEnd end = new QuicEnd(null, ShutdownMode.QUIET, -1, Duration.ZERO, Duration.ZERO);
        RecordedEvent quic = record(recording -> recording.commit(quic(), null, end));
        assertThat(quic.getLong("errorCode")).isEqualTo(-1);
        assertThat(quic.getString("reason")).isNull();
        assertThat(quic.getLong("bytesUnacknowledged")).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void a_text_of_the_peer_neither_drives_a_terminal_nor_grows_the_recording() throws IOException {
        String hostile = "\u001b[2J\r\n\u0000\u202e\u2028\ud800" + "x".repeat(100_000);
        QuicEnd end = new QuicEnd(new QuicClose(true, true, 1, hostile), ShutdownMode.QUIET, 0, Duration.ZERO,
                Duration.ZERO);
        assertThat(record(recording -> recording.commit(quic(), PEER, end)).getString("reason"))
                .isEqualTo("\ufffd[2J" + "\ufffd".repeat(6) + "x".repeat(1_000 - 10));
        RecordedEvent event = record(recording -> recording.commit(outcome(hostile, new IOException() {
            @Override
            public String toString() {
                throw new UnsupportedOperationException();
            }
        }), InetSocketAddress.createUnresolved("\u001b", 1)));
        assertThat(event.getString("lastAlert")).startsWith("\ufffd[2J").hasSize(1_000);
        assertThat(event.getString("cause")).startsWith(ShutdownEventTest.class.getName());
        assertThat(event.getString("peer")).isEqualTo("\ufffd:1");
    }

    @Test
    void a_cause_that_cannot_be_told_at_all_is_named_by_its_class() throws IOException {
        Throwable endless = new IOException() {
            @Override
            public String toString() {
                throw new StackOverflowError("a cause that tells itself");
            }
        };
        RecordedEvent event = record(recording -> recording.commit(outcome(null, endless), PEER));
        assertThat(event.getString("cause")).isEqualTo(endless.getClass().getName());
    }

    @Test
    void an_event_lasts_from_the_start_of_the_shutdown_to_its_outcome() throws IOException {
        long[] nanos = new long[1];
        RecordedEvent event = record(recording -> {
            long from = System.nanoTime();
            while (System.nanoTime() - from < 2_000_000) {
                Thread.onSpinWait();
            }
            nanos[0] = System.nanoTime() - from;
            recording.end();
            recording.commit(outcome(null, null), PEER);
        });
        assertThat(event.getDuration()).isGreaterThanOrEqualTo(Duration.ofNanos(nanos[0] - 1_000_000));
        assertThat(event.getThread().getJavaName()).isEqualTo(Thread.currentThread().getName());
    }

    @Test
    void every_field_says_what_it_is() throws IOException {
        RecordedEvent event = record(recording -> recording.commit(outcome(null, null), PEER));
        assertThat(event.getEventType().getLabel()).isEqualTo("Connection Shutdown");
        assertThat(event.getEventType().getDescription()).isNotEmpty();
        assertThat(event.getEventType().getAnnotation(Category.class).value()).startsWith("Closenotify");
        assertThat(event.getEventType().getFields())
                .filteredOn(field -> !List.of("startTime", "duration", "eventThread", "stackTrace")
                        .contains(field.getName()))
                .hasSizeGreaterThan(25)
                .allSatisfy(field -> {
                    assertThat(field.getLabel()).isNotEmpty();
                    assertThat(field.getDescription()).isNotEmpty();
                })
                .filteredOn(field -> field.getName().startsWith("bytes") || field.getName().endsWith("Time"))
                .extracting(ValueDescriptor::getContentType)
                .containsOnly("jdk.jfr.DataAmount", "jdk.jfr.Timespan");
    }

    /** One shutdown. */
    @FunctionalInterface
    private interface Commit {

        void to(ShutdownRecording recording);
    }

    private RecordedEvent record(Commit commit) throws IOException {
        Path file = Files.createTempFile(directory, "shutdown", ".jfr");
        try (Recording recording = new Recording()) {
            recording.enable(EVENT);
            recording.start();
            ShutdownRecording begun = ShutdownRecording.begin();
            assertThat(begun).isNotNull();
            commit.to(begun);
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals(EVENT)).toList();
        assertThat(events).hasSize(1);
        return events.get(0);
    }

    private static ShutdownOutcome outcome(@Nullable String alert, @Nullable Throwable cause) {
        return new ShutdownOutcome(Protocol.DTLS, ShutdownResult.PEER_SILENT, ShutdownInitiator.LOCAL,
                ShutdownMode.FAST, true, false, alert, 11, 12, 13, Duration.ofMillis(1), Duration.ofMillis(2),
                Duration.ofMillis(3), true, true, 14, 15, cause);
    }

    private static ConnectionOutcome quic() {
        return new ConnectionOutcome() {

            @Override
            public Protocol protocol() {
                return Protocol.QUIC;
            }

            @Override
            public ShutdownResult result() {
                return ShutdownResult.CLEAN;
            }

            @Override
            public ShutdownInitiator initiator() {
                return ShutdownInitiator.PEER;
            }

            @Override
            public Enum<?> mode() {
                return ShutdownMode.FAST;
            }

            @Override
            public Duration elapsed() {
                return Duration.ofMillis(9);
            }

            @Override
            public @Nullable Throwable cause() {
                return null;
            }
        };
    }
}
