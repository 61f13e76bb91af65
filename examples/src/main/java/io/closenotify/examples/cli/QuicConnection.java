package io.closenotify.examples.cli;

import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicStreams;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamChannel;

/** A connection by QUIC. */
record QuicConnection(QuicChannel channel) implements Connection {

    /** The connection that a stream belongs to. */
    static QuicConnection of(Channel stream) {
        return new QuicConnection(((QuicStreamChannel) stream).parent());
    }

    @Override
    public void abort() {
        QuicShutdownHandler handler = channel.pipeline().get(QuicShutdownHandler.class);
        if (handler != null) {
            handler.abort();
        }
    }

    @Override
    public ChannelFuture writeLast(Channel stream, ByteBuf last) {
        return QuicStreams.conclude((QuicStreamChannel) stream, last);
    }
}
