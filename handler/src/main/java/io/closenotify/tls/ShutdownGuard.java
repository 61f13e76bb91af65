package io.closenotify.tls;

import io.closenotify.WriteAfterShutdownException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;

/**
 * Stands directly behind the {@code SslHandler} once a shutdown has begun: refuses writes, counts what arrives after
 * our close_notify, and keeps reading whatever autoRead says.
 */
final class ShutdownGuard extends ChannelDuplexHandler {

    private final TlsShutdown shutdown;

    ShutdownGuard(TlsShutdown shutdown) {
        this.shutdown = shutdown;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        ReferenceCountUtil.release(message);
        promise.tryFailure(new WriteAfterShutdownException());
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof ByteBuf data && !shutdown.accepts(data.readableBytes())) {
            data.release();
            return;
        }
        context.fireChannelRead(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.fireChannelReadComplete();
        readOn(context);
    }

    /** With autoRead off nobody else reads, and the peer's close_notify or FIN would never be seen. */
    void readOn(ChannelHandlerContext context) {
        if (shutdown.ownsReading() && !context.channel().config().isAutoRead()) {
            context.read();
        }
    }
}
