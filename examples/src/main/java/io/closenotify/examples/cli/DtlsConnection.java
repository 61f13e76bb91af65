package io.closenotify.examples.cli;

import io.closenotify.dtls.DtlsHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;

/** A connection by DTLS. */
record DtlsConnection(Channel channel) implements Connection {

    @Override
    public void shutdown() {
        // Through the pipeline, where data may still wait for its turn.
        channel.close();
    }

    @Override
    public void abort() {
        DtlsHandler dtls = channel.pipeline().get(DtlsHandler.class);
        if (dtls != null) {
            dtls.abort();
        }
    }

    @Override
    public ChannelFuture write(Channel stream, ByteBuf data) {
        return stream.writeAndFlush(data);
    }

    @Override
    public ChannelFuture writeLast(Channel stream, ByteBuf last) {
        return write(stream, last);
    }
}
