package io.closenotify.quic;

import static java.util.Objects.requireNonNull;

import io.closenotify.observe.ShutdownObserver;

/** Builds {@link QuicShutdownHandler}s. One builder may build many; each handler serves one channel. */
public final class QuicShutdownHandlerBuilder {

    private QuicShutdownPolicy policy = QuicShutdownPolicy.compliant();
    private ShutdownObserver observer = ShutdownObserver.none();

    QuicShutdownHandlerBuilder() {
    }

    /**
     * Sets the policy; {@link QuicShutdownPolicy#compliant()} by default.
     *
     * @param policy how the connection is to be ended
     * @return this builder
     */
    public QuicShutdownHandlerBuilder policy(QuicShutdownPolicy policy) {
        this.policy = requireNonNull(policy, "policy");
        return this;
    }

    /**
     * Sets who is told of shutdowns as they go; nobody by default.
     *
     * @param observer is told by all handlers built from now on
     * @return this builder
     */
    public QuicShutdownHandlerBuilder observer(ShutdownObserver observer) {
        this.observer = ShutdownObserver.guarded(observer);
        return this;
    }

    /**
     * Builds a handler.
     *
     * @return a new handler
     */
    public QuicShutdownHandler build() {
        return new QuicShutdownHandler(policy, observer);
    }
}
