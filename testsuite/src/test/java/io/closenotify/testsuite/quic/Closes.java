package io.closenotify.testsuite.quic;

import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.StreamFlush;
import java.time.Duration;

/** What our closes say, and how we come to send them. */
final class Closes {

    /** Codes of every length. */
    static final long[] CODES = {0, 1L << 31, (1L << 32) + 5, QuicConnectionClose.MAX_ERROR_CODE};

    /** Some do not fit. */
    static final String[] REASONS =
            {"", "bye", "grüße \uD83D\uDE00", "x".repeat(1_150), "\u20ac".repeat(22_000)};

    /** What the application says in the handshake, as the peer reads it. */
    static final QuicConnectionClose HIDDEN =
            QuicConnectionClose.transport(QuicConnectionClose.APPLICATION_ERROR, "");

    static final QuicConnectionClose BYE = QuicConnectionClose.application((1L << 32) + 7, "bye");

    static final QuicShutdownPolicy AT_ONCE = QuicShutdownPolicy.compliant().toBuilder()
            .streamFlush(StreamFlush.NONE)
            .close(BYE)
            .build();

    static final QuicShutdownPolicy PATIENT = QuicShutdownPolicy.compliant().toBuilder()
            .close(BYE)
            .flushTimeout(Duration.ZERO)
            .build();

    private Closes() {
    }
}
