package io.closenotify.testsuite.frameworks;

import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.tls.TlsShutdownHandler;
import io.closenotify.tls.TlsShutdownInstaller;
import io.netty.channel.Channel;
import io.netty.channel.ServerChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.Http11SslContextSpec;
import reactor.netty.http.Http2SslContextSpec;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.tcp.SslProvider.GenericSslContextSpec;

/** An HTTP server of Reactor Netty, and a client of it with a pool of its own. */
final class ReactorNettyService implements AutoCloseable {

    private final ChannelGroup accepted = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final DisposableServer server;
    private final Wire wire;
    private final ConnectionProvider pool;
    private final HttpClient client;
    private volatile boolean draining;

    /** Without outcomes to tell, a side is the stock one. */
    ReactorNettyService(TlsSetup setup, HttpProtocol protocol, int poolSize,
            Function<String, Publisher<String>> application, @Nullable Outcomes serverOutcomes,
            @Nullable Outcomes clientOutcomes) {
        HttpServer unbound = HttpServer.create().protocol(protocol)
                .bindAddress(() -> new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .secure(tls -> tls.sslContext(atServer(protocol).configure(configuration(setup))))
                .channelGroup(accepted)
                .handle((request, response) -> draining
                        ? response.keepAlive(false).status(HttpResponseStatus.SERVICE_UNAVAILABLE).send()
                        : response.sendString(application.apply(request.uri())));
        server = (serverOutcomes == null ? unbound : ReactorNettyShutdown.server(unbound,
                TlsShutdownInstaller.of(TlsShutdownHandler.builder(), serverOutcomes))).bindNow();
        wire = new Wire(server.port());
        ConnectionProvider.Builder connections = ConnectionProvider.builder("test").maxConnections(poolSize);
        pool = (clientOutcomes == null ? connections : ReactorNettyShutdown.pool(connections)).build();
        HttpClient stock = HttpClient.create(pool).protocol(protocol).remoteAddress(wire::address)
                .secure(tls -> tls.sslContext(atClient(protocol).configure(configuration(setup)
                        .andThen(context -> context.trustManager(InsecureTrustManagerFactory.INSTANCE)
                                .endpointIdentificationAlgorithm(null)))));
        client = clientOutcomes == null ? stock : ReactorNettyShutdown.client(stock,
                TlsShutdownInstaller.of(TlsShutdownHandler.builder(), clientOutcomes));
    }

    private static Consumer<SslContextBuilder> configuration(TlsSetup setup) {
        return context -> context.sslProvider(setup.provider()).protocols(setup.protocol());
    }

    private static GenericSslContextSpec<SslContextBuilder> atServer(HttpProtocol protocol) {
        return protocol == HttpProtocol.H2
                ? Http2SslContextSpec.forServer(TestCertificate.get().key(), TestCertificate.get().cert())
                : Http11SslContextSpec.forServer(TestCertificate.get().key(), TestCertificate.get().cert());
    }

    private static GenericSslContextSpec<SslContextBuilder> atClient(HttpProtocol protocol) {
        return protocol == HttpProtocol.H2 ? Http2SslContextSpec.forClient() : Http11SslContextSpec.forClient();
    }

    CompletableFuture<String> get(String path) {
        return client.get().uri(path).responseSingle((response, body) ->
                response.status().equals(HttpResponseStatus.OK) ? body.asString()
                        : Mono.error(new IllegalStateException(response.status().toString()))).toFuture();
    }

    Wire wire() {
        return wire;
    }

    /** The server's end of its one connection. */
    Channel connection() {
        // With HTTP/2 its streams may be told, too.
        Channel any = accepted.iterator().next();
        return any.parent() instanceof ServerChannel ? any : any.parent();
    }

    /**
     * Refuses what comes, and finishes what was accepted: Reactor Netty closes a connection between two requests, and
     * leaves those open that were idle when it looked.
     */
    void shutDownServer() {
        draining = true;
        wire.stopListening();
        server.disposeNow(Waits.DEADLINE);
        accepted.close();
    }

    void shutDownClient() {
        pool.disposeLater().block(Waits.DEADLINE);
    }

    @Override
    public void close() {
        shutDownServer();
        // A stock server may not answer.
        pool.disposeLater().onErrorComplete().block(Waits.DEADLINE);
        wire.close();
    }
}
