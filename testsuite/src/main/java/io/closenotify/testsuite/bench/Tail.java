package io.closenotify.testsuite.bench;

import io.closenotify.ShutdownOutcome;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import org.jspecify.annotations.Nullable;

/** The application: counts and releases what it reads, and remembers how the connection ended. */
final class Tail extends ChannelInboundHandlerAdapter {

    private long bytes;
    private boolean closeNotifySeen;
    private @Nullable ShutdownOutcome outcome;

    long bytes() {
        return bytes;
    }

    boolean closeNotifySeen() {
        return closeNotifySeen;
    }

    @Nullable ShutdownOutcome outcome() {
        return outcome;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf data = (ByteBuf) message;
        bytes += data.readableBytes();
        data.release();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslCloseCompletionEvent close) {
            closeNotifySeen |= close.isSuccess();
        } else if (event instanceof ShutdownOutcome known) {
            outcome = known;
        }
    }
}
