package io.closenotify.examples.cli;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;

/** Counts the application data of one connection, over all its streams. Its event loop only. */
final class Traffic {

    private long read;
    private long written;

    long read() {
        return read;
    }

    long written() {
        return written;
    }

    /** Makes a handler that counts what passes. */
    ChannelHandler counter() {
        return new Counter();
    }

    private static int bytes(Object message) {
        if (message instanceof ByteBuf data) {
            return data.readableBytes();
        }
        return message instanceof ByteBufHolder frame ? frame.content().readableBytes() : 0;
    }

    private final class Counter extends ChannelDuplexHandler {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            read += bytes(message);
            context.fireChannelRead(message);
        }

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            int bytes = bytes(message);
            context.write(message, promise.unvoid().addListener(done -> {
                if (done.isSuccess()) {
                    written += bytes;
                }
            }));
        }
    }
}
