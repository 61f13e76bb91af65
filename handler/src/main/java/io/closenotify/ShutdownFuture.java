package io.closenotify;

import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Completes once, when the outcome of a shutdown is known.
 *
 * <p>It succeeds, with the outcome as its value, only if {@link ShutdownOutcome#isSuccess()}; otherwise it fails with a
 * {@link ShutdownException} that carries the outcome. Either way {@link #outcome()} returns it. It cannot be cancelled:
 * a shutdown is hastened by calling {@code shutdown} again, or ended by {@code abort}.
 */
public interface ShutdownFuture extends Future<ShutdownOutcome> {

    /**
     * Returns the outcome, of whichever kind.
     *
     * @return the outcome, or {@code null} while it is not known, or if no shutdown could be started at all (see
     *     {@link #cause()})
     */
    @Nullable ShutdownOutcome outcome();
}
