package io.closenotify.examples.cli;

import io.closenotify.WriteAfterShutdownException;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
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
        if (tls != null) {
            tls.abort();
            return true;
        }
        ChannelHandlerContext first = channel.pipeline().firstContext();
        if (first == null) {
            // Closed meanwhile.
            return false;
        }
        first.close();
        return true;
    }

    @Override
    public ChannelFuture write(Channel stream, ByteBuf data) {
        ChannelPromise promise = stream.newPromise();
        try {
            // In the event loop, as above.
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

    @Override
    public ChannelFuture writeLast(Channel stream, ByteBuf last) {
        return write(stream, last);
    }
}
