package io.closenotify.examples.cli;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.stream.ChunkedStream;
import io.netty.handler.stream.ChunkedWriteHandler;

/**
 * A server of the demonstration: answers a request, however long the peer takes to read that.
 *
 * @param bytes the length of the answer
 */
record DemoAnswer(long bytes) implements App {

    @Override
    public void install(ChannelPipeline pipeline, Connection connection) {
        pipeline.addLast(new ChunkedWriteHandler(), new Handler());
    }

    private final class Handler extends SimpleChannelInboundHandler<ByteBuf> {

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf request) {
            context.writeAndFlush(new ChunkedStream(new Filler(bytes)));
        }
    }
}
