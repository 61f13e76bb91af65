package io.closenotify.examples.cli;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Sends back what arrives. */
final class EchoHandler extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        // Flushed here, not when the batch is read: the peer's close_notify may be in the same batch, and the answer
        // must be out before ours on every engine.
        context.writeAndFlush(message);
    }
}
