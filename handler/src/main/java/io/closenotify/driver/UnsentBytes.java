package io.closenotify.driver;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

/** What was handed to the transport and the kernel has not taken. */
public final class UnsentBytes {

    private UnsentBytes() {
    }

    /** Counts the flushed bytes. Event loop only. */
    public static long of(Channel channel) {
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        if (buffer == null || buffer.isEmpty()) {
            return 0;
        }
        long[] bytes = new long[1];
        try {
            buffer.forEachFlushedMessage(message -> {
                Object content = message instanceof ByteBufHolder holder ? holder.content() : message;
                bytes[0] += content instanceof ByteBuf data ? data.readableBytes() : 0;
                return true;
            });
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return bytes[0];
    }
}
