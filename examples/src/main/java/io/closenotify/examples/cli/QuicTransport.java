package io.closenotify.examples.cli;

import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.StreamFlush;
import io.netty.incubator.codec.quic.QuicSslContext;
import java.time.Duration;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** QUIC over UDP. */
record QuicTransport(QuicContexts contexts, QuicShutdownPolicy policy, Duration idleTimeout) implements Transport {

    @Override
    public boolean flushes() {
        return policy.streamFlush() == StreamFlush.ACKNOWLEDGED;
    }

    @Override
    public Listener listener(@Nullable KeyFiles identity) throws SSLException {
        QuicSslContext context =
                identity == null ? contexts.server(TlsContexts.selfSigned()) : contexts.server(identity);
        return (app, reports, observer, log, host, port) ->
                QuicServer.start(context, QuicShutdownHandler.builder().policy(policy).observer(observer), idleTimeout,
                        app, reports, log, host, port);
    }

    @Override
    public Connector connector(Trust trust, HostAndPort target) throws SSLException {
        QuicSslContext context = contexts.client(trust, target.host());
        return (autoRead, log) -> QuicClient.open(context, policy, idleTimeout, target, autoRead, log);
    }
}
