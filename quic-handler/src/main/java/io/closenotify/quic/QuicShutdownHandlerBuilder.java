package io.closenotify.quic;

import static java.util.Objects.requireNonNull;

/** Builds {@link QuicShutdownHandler}s. One builder may build many; each handler serves one channel. */
public final class QuicShutdownHandlerBuilder {

    private QuicShutdownPolicy policy = QuicShutdownPolicy.compliant();

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
     * Builds a handler.
     *
     * @return a new handler
     */
    public QuicShutdownHandler build() {
        return new QuicShutdownHandler(policy);
    }
}
