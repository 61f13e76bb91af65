package io.closenotify.examples.cli;

import io.closenotify.ShutdownPolicy;
import io.netty.handler.ssl.SslContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** TLS over TCP. */
record TlsTransport(TlsContexts contexts, ShutdownPolicy policy) implements Transport {

    @Override
    public boolean flushes() {
        return true;
    }

    @Override
    public Listener listener(@Nullable KeyFiles identity) throws SSLException {
        SslContext context = identity == null ? contexts.server(TlsContexts.selfSigned()) : contexts.server(identity);
        return (app, reports, log, host, port) -> TlsServer.start(context, policy, app, reports, log, host, port);
    }

    @Override
    public Connector connector(Trust trust, HostAndPort target) throws SSLException {
        SslContext context = contexts.client(trust);
        return (autoRead, log) -> new TlsClient(context, policy, target, autoRead, log);
    }
}
