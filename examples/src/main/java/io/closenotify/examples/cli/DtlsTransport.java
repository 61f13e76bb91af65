package io.closenotify.examples.cli;

import io.closenotify.ShutdownPolicy;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * DTLS over UDP.
 *
 * @param mtu the largest datagram to send
 * @param idleTimeout how long nothing may come or go before the connection is shut down; zero is without end
 */
record DtlsTransport(List<String> alpn, ShutdownPolicy policy, int mtu, Duration handshakeTimeout,
        Duration idleTimeout) implements Transport {

    static final int DEFAULT_MTU = 1_400;
    static final Duration DEFAULT_HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);

    /** Peers may send larger datagrams than we do. */
    private static final int LARGEST_DATAGRAM = 65_535;

    /** What arrives while nobody reads is lost: more room than the kernel gives by itself. */
    static final int RECEIVE_BUFFER = 1 << 20;

    /** With the command line's defaults. */
    DtlsTransport(ShutdownPolicy policy, Duration idleTimeout) {
        this(List.of(), policy, DEFAULT_MTU, DEFAULT_HANDSHAKE_TIMEOUT, idleTimeout);
    }

    @Override
    public boolean flushes() {
        return true;
    }

    @Override
    public Listener listener(@Nullable KeyFiles identity) throws SSLException {
        DtlsHandlerBuilder handlers = handlers(identity == null
                ? DtlsContexts.server(TlsContexts.selfSigned()) : DtlsContexts.server(identity))
                .sslParameters(this::offerApplicationProtocols);
        return (app, reports, observer, log, host, port) ->
                DtlsServer.start(handlers.observer(observer), idleTimeout, app, reports, log, host, port);
    }

    @Override
    public Connector connector(Trust trust, HostAndPort target) throws SSLException {
        DtlsHandlerBuilder handlers = handlers(DtlsContexts.client(trust))
                .peer(InetSocketAddress.createUnresolved(target.host(), target.port()))
                .sslParameters(parameters -> {
                    offerApplicationProtocols(parameters);
                    if (!trust.anyone()) {
                        parameters.setEndpointIdentificationAlgorithm("HTTPS");
                    }
                });
        return (autoRead, log) -> new SocketClient(
                new Bootstrap()
                        .channel(NioDatagramChannel.class)
                        .option(ChannelOption.AUTO_READ, autoRead)
                        .option(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER)
                        .option(ChannelOption.RCVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(LARGEST_DATAGRAM)),
                target, (app, reports) -> new DtlsInitializer(
                        channel -> channel.pipeline().addLast(handlers.build()), idleTimeout, app, reports, log));
    }

    private DtlsHandlerBuilder handlers(SSLContext context) {
        return DtlsHandler.builder(context).policy(policy).mtu(mtu).handshakeTimeout(handshakeTimeout);
    }

    private void offerApplicationProtocols(SSLParameters parameters) {
        parameters.setApplicationProtocols(alpn.toArray(String[]::new));
    }
}
