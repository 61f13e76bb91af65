package io.closenotify.examples.cli;

import io.closenotify.ShutdownPolicy;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Sends back what arrives, without TLS, until the peer ends its side or says nothing for too long. */
final class PlaintextEcho extends ChannelDuplexHandler {

    private static final Duration LINGER = ShutdownPolicy.bidirectional().linger();

    private boolean closing;

    static void install(ChannelPipeline pipeline) {
        pipeline.addLast(new ReadWhileWritable(), new PlaintextEcho());
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (closing) {
            ReferenceCountUtil.release(message);
        } else {
            context.writeAndFlush(message);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent || event instanceof IdleStateEvent) {
            context.channel().close();
        }
        context.fireUserEventTriggered(event);
    }

    /** What is queued goes first, and is not destroyed by a reset for what still arrives. */
    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        if (closing) {
            context.close(promise);
            return;
        }
        closing = true;
        context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(flushed -> linger(context, promise));
    }

    private static void linger(ChannelHandlerContext context, ChannelPromise promise) {
        if (!(context.channel() instanceof DuplexChannel duplex) || duplex.isInputShutdown()) {
            context.close(promise);
            return;
        }
        duplex.config().setAutoRead(true);
        duplex.shutdownOutput();
        Future<?> end = context.executor().schedule(() -> context.close(), LINGER.toNanos(), TimeUnit.NANOSECONDS);
        duplex.closeFuture().addListener(closed -> {
            end.cancel(false);
            promise.trySuccess();
        });
    }
}
