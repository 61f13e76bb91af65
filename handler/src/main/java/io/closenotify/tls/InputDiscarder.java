package io.closenotify.tls;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;

/**
 * Stands in front of the {@code SslHandler} once nothing that arrives matters any more: behind the peer's close_notify
 * (RFC 8446, section 6.1: "Any data received after a closure alert has been received MUST be ignored") and in a quiet
 * linger. There such bytes would pile up in the {@code SslHandler}, or make it throw.
 */
final class InputDiscarder extends ChannelInboundHandlerAdapter {

    private final TlsShutdownHandler handler;

    InputDiscarder(TlsShutdownHandler handler) {
        this.handler = handler;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            // SslHandler swallows some of these by their text; here all of them are seen.
            handler.suspectTransport(cause, () -> context.fireExceptionCaught(cause));
        } else {
            context.fireExceptionCaught(cause);
        }
    }
}
