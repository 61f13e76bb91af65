package io.closenotify.examples.cli;

import io.closenotify.quic.QuicLingerHandler;
import io.closenotify.quic.QuicShutdownHandlerBuilder;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicServerCodecBuilder;
import io.netty.incubator.codec.quic.QuicSslContext;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A server by QUIC. */
final class QuicServer extends Server {

    private QuicServer(Binding binding, String host, int port, Log log) throws IOException {
        super(binding, host, port, log);
    }

    static QuicServer start(QuicSslContext context, QuicShutdownHandlerBuilder handlers, Duration idleTimeout, App app,
            Consumer<? super ConnectionReport> reports, Log log, String host, int port) throws IOException {
        return new QuicServer((loop, connections) -> new Bootstrap()
                .group(loop)
                .channel(NioDatagramChannel.class)
                .handler(codec(context, handlers, idleTimeout, app, reports, connections, log))
                .bind(host, port), host, port, log);
    }

    private static ChannelHandler codec(QuicSslContext context, QuicShutdownHandlerBuilder handlers,
            Duration idleTimeout, App app, Consumer<? super ConnectionReport> reports, Consumer<Channel> connections,
            Log log) {
        ChannelHandler streams = new QuicStreamInitializer(app, log);
        return QuicCodecs.configured(new QuicServerCodecBuilder(), idleTimeout)
                .sslContext(context)
                .handler(new QuicInitializer(handlers, app, true, streams, reports, connections, log))
                .streamHandler(streams)
                .build();
    }

    @Override
    void refuse(Channel listener) {
        // The port stays open: the connections go on by it.
        listener.eventLoop()
                .submit(() -> QuicLingerHandler.of(listener).refuseConnections())
                .awaitUninterruptibly();
    }

    @Override
    Connection connection(Channel channel) {
        return new QuicConnection((QuicChannel) channel);
    }

    @Override
    void release(Channel listener, long timeoutNanos) {
        QuicLingerHandler.of(listener).idle().awaitUninterruptibly(timeoutNanos, TimeUnit.NANOSECONDS);
        listener.close().awaitUninterruptibly();
    }
}
