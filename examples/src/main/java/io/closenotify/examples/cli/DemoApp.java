package io.closenotify.examples.cli;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.incubator.codec.quic.QuicStreamType;

/**
 * The client of the demonstration: sends, and shuts down once so many bytes have come back.
 *
 * @param shutsDown whether it shuts down at all, or leaves that to the server
 */
record DemoApp(int send, int receive, boolean shutsDown) implements App {

    @Override
    public QuicStreamType opens() {
        return QuicStreamType.BIDIRECTIONAL;
    }

    @Override
    public void install(ChannelPipeline pipeline, Connection connection) {
        pipeline.addLast(new Handler(connection));
    }

    @Override
    public void installForPeer(ChannelPipeline pipeline, Connection connection) {
        pipeline.addLast(new SinkHandler());
    }

    private final class Handler extends SimpleChannelInboundHandler<ByteBuf> {

        private final Connection connection;
        private int received;

        Handler(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            context.writeAndFlush(Unpooled.wrappedBuffer(new byte[send]));
            shutdownWhenDone();
            context.fireChannelActive();
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf data) {
            received += data.readableBytes();
            shutdownWhenDone();
        }

        private void shutdownWhenDone() {
            if (shutsDown && received == receive) {
                connection.shutdown();
            }
        }
    }
}
