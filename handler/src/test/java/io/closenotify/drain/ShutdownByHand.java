package io.closenotify.drain;

import io.closenotify.ConnectionOutcome;
import io.closenotify.OutcomeFuture;
import io.closenotify.Protocol;
import io.closenotify.ShutdownHandler;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownResult;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.local.LocalAddress;
import io.netty.util.concurrent.DefaultPromise;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Ends a connection when a test says so. */
final class ShutdownByHand extends ChannelDuplexHandler implements ShutdownHandler {

    private final Protocol protocol;
    private final String name;
    private final boolean heedsAbort;
    private final Runnable closed;
    private ChannelHandlerContext context;
    private Outcomes outcomes;

    record Outcome(Protocol protocol, ShutdownResult result) implements ConnectionOutcome {

        @Override
        public ShutdownInitiator initiator() {
            return ShutdownInitiator.LOCAL;
        }

        @Override
        public Enum<?> mode() {
            return ShutdownMode.BIDIRECTIONAL;
        }

        @Override
        public Duration elapsed() {
            return Duration.ZERO;
        }

        @Override
        public @Nullable Throwable cause() {
            return isSuccess() ? null : new IOException(result.name());
        }
    }

    private static final class Outcomes extends DefaultPromise<ConnectionOutcome>
            implements OutcomeFuture<ConnectionOutcome> {

        Outcomes(EventExecutor executor) {
            super(executor);
        }

        @Override
        public @Nullable ConnectionOutcome outcome() {
            return getNow();
        }
    }

    /**
     * Makes a handler.
     *
     * @param closed is run when the connection is to be ended
     */
    ShutdownByHand(Protocol protocol, String name, boolean heedsAbort, Runnable closed) {
        this.protocol = protocol;
        this.name = name;
        this.heedsAbort = heedsAbort;
        this.closed = closed;
    }

    /** The outcome is known; the transport lives on. */
    void settle(ShutdownResult result) {
        outcomes.trySuccess(new Outcome(protocol, result));
    }

    void closeTransport() {
        context.close();
    }

    void end(ShutdownResult result) {
        settle(result);
        closeTransport();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        outcomes = new Outcomes(added.executor());
    }

    @Override
    public void close(ChannelHandlerContext own, ChannelPromise promise) {
        closed.run();
    }

    @Override
    public OutcomeFuture<?> shutdown() {
        if (context.isRemoved() && !outcomes.isDone()) {
            throw new IllegalStateException("in no pipeline");
        }
        return outcomes;
    }

    @Override
    public OutcomeFuture<?> abort() {
        if (heedsAbort) {
            end(ShutdownResult.ABORTED);
        }
        return outcomes;
    }

    @Override
    public SocketAddress peerAddress() {
        return new LocalAddress(name);
    }
}
