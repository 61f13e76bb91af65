package io.closenotify;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How one connection ended, as far as it can be told of every protocol: {@link ShutdownOutcome} for TLS and DTLS,
 * {@code QuicShutdownOutcome} for QUIC.
 */
public interface ConnectionOutcome {

    /**
     * Returns what secured the connection.
     *
     * @return the protocol
     */
    Protocol protocol();

    /**
     * Returns what became of the shutdown.
     *
     * @return the result
     */
    ShutdownResult result();

    /**
     * Returns who ended the connection first.
     *
     * @return the initiator
     */
    ShutdownInitiator initiator();

    /**
     * Returns the mode that was in force at the end, after any hastening or strengthening.
     *
     * @return a {@link ShutdownMode}, or QUIC's own
     */
    Enum<?> mode();

    /**
     * Returns the time from the start of the shutdown to this outcome.
     *
     * @return the sum of the times in the phases
     */
    Duration elapsed();

    /**
     * Returns what went wrong underneath.
     *
     * @return the cause, or {@code null}
     */
    @Nullable Throwable cause();

    /**
     * Tells whether the shutdown counts as a success.
     *
     * @return {@link ShutdownResult#isSuccess()} of the result
     */
    default boolean isSuccess() {
        return result().isSuccess();
    }
}
