package io.closenotify.examples.cli;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.stream.ChunkedStream;

/** Sends so many bytes, as the peer takes them, then shuts the connection down. */
final class SourceHandler extends SimpleChannelInboundHandler<Object> {

    private static final int CHUNK = 16 * 1024;

    private final long bytes;
    private final Connection connection;

    SourceHandler(long bytes, Connection connection) {
        this.bytes = bytes;
        this.connection = connection;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, Object message) {
        // A source does not listen.
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        context.writeAndFlush(new ChunkedStream(new Filler(bytes), CHUNK)).addListener(sent -> {
            if (sent.isSuccess()) {
                connection.shutdown();
            }
        });
        context.fireChannelActive();
    }
}
