package io.closenotify.examples.cli;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.ReferenceCountUtil;

/** Sends back what arrives, without TLS, until the peer ends its side or says nothing for too long. */
final class PlaintextEcho extends ChannelDuplexHandler {

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

    /** What is queued goes first. */
    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        closing = true;
        context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(flushed -> context.close(promise));
    }
}
