package io.closenotify.quic;

import io.netty.channel.ChannelDuplexHandler;

/** Ends a QUIC connection. */
@SuppressWarnings("DoNotCallSuggester")
public final class QuicShutdownHandler extends ChannelDuplexHandler {

    private volatile QuicShutdownPolicy policy;

    QuicShutdownHandler(QuicShutdownPolicy policy) {
        this.policy = policy;
    }

    /**
     * Returns a builder.
     *
     * @return a new builder, with the default policy
     */
    public static QuicShutdownHandlerBuilder builder() {
        return new QuicShutdownHandlerBuilder();
    }

    /**
     * Returns the policy in force.
     *
     * @return the builder's, or that of the first {@link #shutdown(QuicShutdownPolicy)}
     */
    public QuicShutdownPolicy policy() {
        return policy;
    }

    /**
     * Starts the shutdown with the builder's policy, or joins the one in progress.
     *
     * @return completes with the outcome
     */
    public QuicShutdownFuture shutdown() {
        throw new UnsupportedOperationException();
    }

    /**
     * Starts the shutdown, or joins the one in progress, which it may strengthen.
     *
     * @param policy how the connection is to be ended
     * @return completes with the outcome
     */
    public QuicShutdownFuture shutdown(QuicShutdownPolicy policy) {
        this.policy = policy;
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the future of the outcome, without starting a shutdown.
     *
     * @return completes with the outcome, however the connection ends
     */
    public QuicShutdownFuture outcome() {
        throw new UnsupportedOperationException();
    }
}
