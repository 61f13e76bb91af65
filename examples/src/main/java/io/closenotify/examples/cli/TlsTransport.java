package io.closenotify.examples.cli;

import io.closenotify.ShutdownPolicy;
import io.closenotify.observe.ShutdownObserver;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.timeout.IdleStateHandler;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS over TCP.
 *
 * @param plaintext installs what is to follow TLS, if the policy is to keep the transport
 */
record TlsTransport(TlsContexts contexts, ShutdownPolicy policy, Consumer<? super ChannelPipeline> plaintext)
        implements Transport {

    /** With an echo for the time after TLS, if the policy is to keep the transport. */
    TlsTransport(TlsContexts contexts, ShutdownPolicy policy) {
        this(contexts, policy, PlaintextEcho::install);
    }

    /** A client does not wait for ever for a peer that has nothing to say any more. */
    private void install(ChannelPipeline pipeline) {
        pipeline.addLast(new IdleStateHandler(policy.peerTimeout().toMillis(), 0, 0, TimeUnit.MILLISECONDS));
        plaintext.accept(pipeline);
    }

    @Override
    public boolean flushes() {
        return true;
    }

    @Override
    public Listener listener(@Nullable KeyFiles identity) throws SSLException {
        SslContext context = identity == null ? contexts.server(TlsContexts.selfSigned()) : contexts.server(identity);
        return (app, reports, observer, log, host, port) ->
                TlsServer.start(context, this, app, reports, observer, log, host, port);
    }

    @Override
    public Connector connector(Trust trust, HostAndPort target) throws SSLException {
        SslContext context = contexts.client(trust);
        TlsTransport patient = new TlsTransport(contexts, policy, this::install);
        return (autoRead, log) -> new SocketClient(
                new Bootstrap().channel(NioSocketChannel.class).option(ChannelOption.AUTO_READ, autoRead), target,
                (app, reports) -> new TlsInitializer(
                        channel -> context.newHandler(channel.alloc(), target.host(), target.port()), patient, app,
                        reports, ShutdownObserver.none(), log));
    }
}
