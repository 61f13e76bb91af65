package io.closenotify.tls;

import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownPolicy;
import java.util.function.LongSupplier;

/**
 * Builds {@link TlsShutdownHandler}s. One builder may build many; each handler serves one channel.
 */
public final class TlsShutdownHandlerBuilder {

    private ShutdownPolicy policy = ShutdownPolicy.bidirectional();
    private LongSupplier clock = System::nanoTime;

    TlsShutdownHandlerBuilder() {
    }

    /**
     * Sets the policy; {@link ShutdownPolicy#bidirectional()} by default.
     *
     * @param policy how the connection is to be ended
     * @return this builder
     */
    public TlsShutdownHandlerBuilder policy(ShutdownPolicy policy) {
        this.policy = requireNonNull(policy, "policy");
        return this;
    }

    /** For tests: what the times of the outcome are measured by, in nanoseconds. */
    TlsShutdownHandlerBuilder clock(LongSupplier clock) {
        this.clock = clock;
        return this;
    }

    /**
     * Builds a handler.
     *
     * @return a new handler
     */
    public TlsShutdownHandler build() {
        return new TlsShutdownHandler(policy, clock);
    }
}
