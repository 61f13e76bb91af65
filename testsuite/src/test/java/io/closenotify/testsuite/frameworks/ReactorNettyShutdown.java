package io.closenotify.testsuite.frameworks;

import io.closenotify.tls.TlsShutdownHandler;
import io.closenotify.tls.TlsShutdownInstaller;
import reactor.netty.Connection;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.ConnectionProvider;

/** The recipe for Reactor Netty: its hook runs when the {@code SslHandler} is in the pipeline, or will be. */
final class ReactorNettyShutdown {

    private ReactorNettyShutdown() {
    }

    // docs: begin reactor-netty
    static HttpServer server(HttpServer server, TlsShutdownInstaller installer) {
        return server.doOnChannelInit((observer, channel, remote) -> installer.addTo(channel));
    }

    static HttpClient client(HttpClient client, TlsShutdownInstaller installer) {
        return client.doOnChannelInit((observer, channel, remote) -> installer.addTo(channel));
    }

    /** By itself a pool lends a connection until its transport is closed, which the linger puts off. */
    static ConnectionProvider.Builder pool(ConnectionProvider.Builder builder) {
        return builder.evictionPredicate((connection, metadata) -> isOver(connection));
    }

    private static boolean isOver(Connection connection) {
        TlsShutdownHandler shutdown = connection.channel().pipeline().get(TlsShutdownHandler.class);
        return !connection.channel().isActive() || !connection.isPersistent()
                || (shutdown != null && shutdown.state().closeNotifyReceived());
    }
    // docs: end reactor-netty
}
