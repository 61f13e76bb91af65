package io.closenotify.examples.cli;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;

/** A connection, whichever its protocol. Any thread. */
interface Connection {

    /** Shuts it down by its policy, or joins the shutdown in progress. The transport may live on. */
    void shutdown();

    /** Ends it without further protocol. */
    void abort();

    /** Writes data of one of its streams, and fails once the protocol has ended: it is not meant for anything else. */
    ChannelFuture write(Channel stream, ByteBuf data);

    /** Writes the last data of one of its streams, and says so to the peer where the protocol can. */
    ChannelFuture writeLast(Channel stream, ByteBuf last);
}
