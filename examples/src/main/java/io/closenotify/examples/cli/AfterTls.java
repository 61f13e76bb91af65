package io.closenotify.examples.cli;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownState;
import io.closenotify.ShutdownState.Want;
import io.closenotify.WriteAfterShutdownException;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Stands in front of the application where the transport outlives TLS. The application belongs to TLS: when it closes,
 * TLS alone ends; what it writes once that has begun is refused, for it would go out in plaintext; and when TLS has
 * ended another takes its place.
 */
final class AfterTls extends ChannelDuplexHandler {

    private final TlsShutdownHandler tls;
    private final Consumer<? super ChannelPipeline> successor;
    private boolean ends;

    /**
     * Creates the handler of one connection.
     *
     * @param successor installs what is to speak plaintext
     */
    AfterTls(TlsShutdownHandler tls, Consumer<? super ChannelPipeline> successor) {
        this.tls = tls;
        this.successor = successor;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        ShutdownState state = tls.state();
        if (state.closeNotifySent() || state.want() != Want.NOTHING) {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new WriteAfterShutdownException());
        } else {
            context.write(message, promise);
        }
    }

    /** A close() of the connection, from now on, is its end, and not that of TLS alone. Event loop. */
    static Future<?> endConnection(Channel connection) {
        AfterTls present = connection.pipeline().get(AfterTls.class);
        if (present != null) {
            present.ends = true;
        }
        return connection.newSucceededFuture();
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        if (ends) {
            context.close(promise);
            return;
        }
        context.channel().closeFuture().addListener(closed -> promise.trySuccess());
        tls.shutdown();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        context.fireUserEventTriggered(event);
        if (event instanceof ShutdownOutcome outcome && outcome.transportKept()) {
            replaceApplication(context.pipeline());
            context.channel().config().setAutoRead(true);
        }
    }

    private void replaceApplication(ChannelPipeline pipeline) {
        // The last one first: what a decoder has left of TLS must reach nobody.
        while (pipeline.last() != this) {
            pipeline.removeLast();
        }
        pipeline.removeLast();
        successor.accept(pipeline);
    }
}
