package io.closenotify.examples.cli;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The client of the demonstration once TLS has ended: sends, and closes when so many bytes have come back. */
final class DemoPlaintext {

    private static final long DEADLINE_SECONDS = 15;

    private final int bytes;
    private final BlockingQueue<Integer> exchanges = new LinkedBlockingQueue<>();

    DemoPlaintext(int bytes) {
        this.bytes = bytes;
    }

    void install(ChannelPipeline pipeline) {
        pipeline.addLast(new Handler());
    }

    /** Waits for the next exchange and tells what was wrong with it, or {@code null}. */
    @Nullable String problem() {
        try {
            Integer returned = exchanges.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
            return returned == null || returned != bytes ? "plaintext lost" : null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }

    private final class Handler extends SimpleChannelInboundHandler<ByteBuf> {

        private int returned;

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            context.writeAndFlush(Unpooled.wrappedBuffer(new byte[bytes]));
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf data) {
            returned += data.readableBytes();
            if (returned >= bytes) {
                context.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            exchanges.add(returned);
            context.fireChannelInactive();
        }
    }
}
