package io.closenotify.examples.cli;

import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;

/** A connection by TLS. */
record TlsConnection(Channel channel) implements Connection {

    @Override
    public void shutdown() {
        channel.close();
    }

    @Override
    public boolean abort() {
        channel.pipeline().get(TlsShutdownHandler.class).abort();
        return true;
    }

    @Override
    public ChannelFuture writeLast(Channel stream, ByteBuf last) {
        return stream.writeAndFlush(last);
    }
}
