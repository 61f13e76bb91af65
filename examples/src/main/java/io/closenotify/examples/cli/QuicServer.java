package io.closenotify.examples.cli;

import io.closenotify.quic.QuicLingerHandler;
import io.closenotify.quic.QuicShutdownHandlerBuilder;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.incubator.codec.quic.QuicServerCodecBuilder;
import io.netty.incubator.codec.quic.QuicSslContext;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;

/** A server by QUIC. */
final class QuicServer {

    private QuicServer() {
    }

    static Server start(QuicSslContext context, QuicShutdownHandlerBuilder handlers, Duration idleTimeout, App app,
            Consumer<? super ConnectionReport> reports, Log log, String host, int port) throws IOException {
        ChannelHandler streams = new QuicStreamInitializer(app, log);
        ChannelHandler codec = QuicCodecs.configured(new QuicServerCodecBuilder(), idleTimeout)
                .sslContext(context)
                .handler(new QuicInitializer(handlers, app, true, streams, reports, connection -> { }, log))
                .streamHandler(streams)
                .build();
        return new Server(loop -> new Bootstrap()
                .group(loop)
                .channel(NioDatagramChannel.class)
                .handler(codec)
                .bind(host, port),
                (drain, udp) -> drain.server(QuicLingerHandler.of(udp).drainable()), host, port, log);
    }
}
