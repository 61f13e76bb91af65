package io.closenotify.examples.cli;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.incubator.codec.quic.QuicStreamType;
import org.jspecify.annotations.Nullable;

/** What is done with the application data of a connection. */
@FunctionalInterface
interface App {

    /**
     * Adds the application's handlers at the end of the pipeline of a connection, or of a stream if the protocol has
     * streams. {@code channelActive} tells them when data can be sent.
     */
    void install(ChannelPipeline pipeline, Connection connection);

    /** The kind of stream that it opens for itself, or {@code null} if it runs on those that the peer opens. */
    default @Nullable QuicStreamType opens() {
        return null;
    }

    /** The same as {@link #install} for a stream that the peer opened. */
    default void installForPeer(ChannelPipeline pipeline, Connection connection) {
        install(pipeline, connection);
    }

    /**
     * The peer has ended its side and lets us end ours: shuts the connection down once everything that was written, or
     * is queued to be, has left. Called behind all the data before the peer's end, which has been handled.
     */
    default void peerClosed(Channel channel, Connection connection) {
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(left -> connection.shutdown());
    }
}
