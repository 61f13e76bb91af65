package io.closenotify.quic;

import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Completes once, when the outcome of a QUIC shutdown is known.
 *
 * <p>It succeeds, with the outcome as its value, only if {@link QuicShutdownOutcome#isSuccess()}; otherwise it fails
 * with a {@link QuicShutdownException} that carries the outcome. Either way {@link #outcome()} returns it. It cannot be
 * cancelled.
 */
public interface QuicShutdownFuture extends Future<QuicShutdownOutcome> {

    /**
     * Returns the outcome, of whichever kind.
     *
     * @return the outcome, or {@code null} while it is not known, or if no shutdown could be started at all (see
     *     {@link #cause()})
     */
    @Nullable QuicShutdownOutcome outcome();
}
