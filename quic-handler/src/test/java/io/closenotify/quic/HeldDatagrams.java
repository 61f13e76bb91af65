package io.closenotify.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;

/** First in the UDP pipeline: once told to hold, joins the datagrams that are sent into one until told to release. */
final class HeldDatagrams extends ChannelOutboundHandlerAdapter {

    private ChannelHandlerContext context;
    private ByteBuf held;
    private InetSocketAddress recipient;

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    void hold() {
        held = context.alloc().directBuffer();
    }

    void release() {
        context.writeAndFlush(new DatagramPacket(held, recipient));
        held = null;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
        if (held == null) {
            ctx.write(msg, promise);
            return;
        }
        DatagramPacket packet = (DatagramPacket) msg;
        held.writeBytes(packet.content());
        recipient = packet.recipient();
        packet.release();
        promise.setSuccess();
    }
}
