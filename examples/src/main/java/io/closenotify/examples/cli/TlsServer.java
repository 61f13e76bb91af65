package io.closenotify.examples.cli;

import io.closenotify.drain.ConnectionTracker;
import io.closenotify.drain.Drain;
import io.closenotify.observe.ShutdownObserver;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.util.function.Consumer;

/** A server by TLS. */
final class TlsServer {

    private TlsServer() {
    }

    static Server start(SslContext context, TlsTransport transport, App app,
            Consumer<? super ConnectionReport> reports, ShutdownObserver observer, Log log, String host, int port)
            throws IOException {
        return new Server(loop -> new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .handler(new ConnectionTracker())
                .childHandler(new TlsInitializer(
                        channel -> context.newHandler(channel.alloc()), transport, app, reports, observer, log))
                .bind(host, port), Drain.Builder::server, host, port, log);
    }
}
