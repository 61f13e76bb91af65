package io.closenotify;

import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Completes once, when the outcome of a shutdown is known.
 *
 * <p>It succeeds, with the outcome as its value, only if {@link ConnectionOutcome#isSuccess()}; otherwise it fails with
 * an exception that carries the outcome. Either way {@link #outcome()} returns it. It cannot be cancelled: a shutdown
 * is hastened by calling {@code shutdown} again, or ended by {@code abort}.
 *
 * @param <O> the outcome
 */
public interface OutcomeFuture<O extends ConnectionOutcome> extends Future<O> {

    /**
     * Returns the outcome, of whichever kind.
     *
     * @return the outcome, or {@code null} while it is not known, or if no shutdown could be started at all (see
     *     {@link #cause()})
     */
    @Nullable O outcome();
}
