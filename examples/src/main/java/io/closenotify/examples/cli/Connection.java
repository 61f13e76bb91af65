package io.closenotify.examples.cli;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;

/** A connection, whichever its protocol. Any thread. */
interface Connection {

    /** What closes when it ends. */
    Channel channel();

    /** Shuts it down by its policy, or joins the shutdown in progress. The transport may live on. */
    default void shutdown() {
        // Through the pipeline, where data may still wait for its turn.
        channel().close();
    }

    /** Ends it without further protocol. */
    void abort();

    /** Writes data of one of its streams, and fails once the protocol has ended: it is not meant for anything else. */
    default ChannelFuture write(Channel stream, ByteBuf data) {
        return stream.writeAndFlush(data);
    }

    /** Writes the last data of one of its streams, and says so to the peer where the protocol can. */
    default ChannelFuture writeLast(Channel stream, ByteBuf last) {
        return write(stream, last);
    }
}
