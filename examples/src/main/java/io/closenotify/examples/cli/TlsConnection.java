package io.closenotify.examples.cli;

import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;

/** A connection by TLS. */
record TlsConnection(Channel channel) implements Connection {

    @Override
    public void shutdown() {
        TlsShutdownHandler tls = channel.pipeline().get(TlsShutdownHandler.class);
        if (tls == null) {
            channel.close();
        } else {
            tls.shutdown();
        }
    }

    @Override
    public void close() {
        // In the event loop, where it is certain whether TLS has ended.
        channel.eventLoop().execute(() -> {
            ChannelHandlerContext inFront = channel.pipeline().context(AfterTls.class);
            if (inFront == null) {
                channel.close();
            } else {
                inFront.close();
            }
        });
    }

    @Override
    public boolean abort() {
        TlsShutdownHandler tls = channel.pipeline().get(TlsShutdownHandler.class);
        if (tls == null) {
            channel.pipeline().firstContext().close();
        } else {
            tls.abort();
        }
        return true;
    }

    @Override
    public ChannelFuture writeLast(Channel stream, ByteBuf last) {
        return stream.writeAndFlush(last);
    }
}
