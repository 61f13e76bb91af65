package io.closenotify.examples.cli;

import io.closenotify.WriteAfterShutdownException;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslHandler;
import java.util.concurrent.RejectedExecutionException;

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
    public void abort() {
        TlsShutdownHandler tls = channel.pipeline().get(TlsShutdownHandler.class);
        if (tls == null) {
            channel.close();
        } else {
            tls.abort();
        }
    }

    @Override
    public ChannelFuture write(Channel stream, ByteBuf data) {
        ChannelPromise promise = stream.newPromise();
        try {
            // In the event loop, where it is certain whether TLS has ended.
            stream.eventLoop().execute(() -> {
                if (stream.isActive() && stream.pipeline().get(SslHandler.class) == null) {
                    refuse(data, promise, new WriteAfterShutdownException());
                } else {
                    stream.writeAndFlush(data, promise);
                }
            });
        } catch (RejectedExecutionException e) {
            refuse(data, promise, e);
        }
        return promise;
    }

    private static void refuse(ByteBuf data, ChannelPromise promise, Throwable reason) {
        data.release();
        promise.tryFailure(reason);
    }
}
