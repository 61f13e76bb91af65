package io.closenotify.examples.cli;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.util.concurrent.PromiseCombiner;
import java.util.function.IntSupplier;

/** Makes messages that fit into a datagram out of what the application takes for a stream. */
final class MessageSplitter extends ChannelOutboundHandlerAdapter {

    private final IntSupplier largest;

    /**
     * Creates a splitter.
     *
     * @param largest bytes of the largest message; asked once there is something to write
     */
    MessageSplitter(IntSupplier largest) {
        this.largest = largest;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        int limit = largest.getAsInt();
        if (limit <= 0 || !(message instanceof ByteBuf data) || data.readableBytes() <= limit) {
            context.write(message, promise);
            return;
        }
        PromiseCombiner messages = new PromiseCombiner(context.executor());
        while (data.isReadable()) {
            messages.add(context.write(data.readRetainedSlice(Math.min(limit, data.readableBytes()))));
        }
        data.release();
        messages.finish(promise);
    }
}
