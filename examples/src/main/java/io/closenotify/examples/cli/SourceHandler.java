package io.closenotify.examples.cli;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.stream.ChunkedStream;

/** Sends so many bytes after the handshake, as the peer takes them, then shuts down. */
final class SourceHandler extends SimpleChannelInboundHandler<Object> {

    private static final int CHUNK = 16 * 1024;

    private final long bytes;

    SourceHandler(long bytes) {
        this.bytes = bytes;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, Object message) {
        // A source does not listen.
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            context.writeAndFlush(new ChunkedStream(new Filler(bytes), CHUNK)).addListener(sent -> {
                if (sent.isSuccess()) {
                    context.channel().close();
                }
            });
        }
        context.fireUserEventTriggered(event);
    }
}
