package io.closenotify.examples.cli;

import io.closenotify.drain.ConnectionTracker;
import io.closenotify.drain.Drain;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.dtls.DtlsServerChannel;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;

/** A server by DTLS. */
final class DtlsServer {

    private DtlsServer() {
    }

    static Server start(DtlsHandlerBuilder handlers, Duration idleTimeout, App app,
            Consumer<? super ConnectionReport> reports, Log log, String host, int port) throws IOException {
        return new Server(loop -> new ServerBootstrap()
                .group(loop)
                // A source may send for long to a client that has nothing to say: both ends go by IdleShutdown.
                .channelFactory(DtlsServerChannel.builder(handlers).idleTimeout(Duration.ZERO).build())
                .option(ChannelOption.SO_RCVBUF, DtlsTransport.RECEIVE_BUFFER)
                .handler(new ConnectionTracker())
                .childHandler(new DtlsInitializer(channel -> { }, idleTimeout, app, reports, log))
                .bind(host, port), Drain.Builder::server, host, port, log);
    }
}
