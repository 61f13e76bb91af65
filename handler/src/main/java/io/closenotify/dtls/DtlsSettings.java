package io.closenotify.dtls;

import io.closenotify.ShutdownPolicy;
import io.closenotify.observe.ShutdownObserver;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import org.jspecify.annotations.Nullable;

/** What a {@link DtlsHandlerBuilder} was set to; its setters tell what each is. */
record DtlsSettings(
        SSLContext sslContext,
        ShutdownPolicy policy,
        int mtu,
        Duration handshakeTimeout,
        Duration retransmitTimeout,
        Duration reorderGrace,
        Duration repeatInterval,
        Executor taskExecutor,
        Consumer<? super SSLParameters> parameters,
        @Nullable InetSocketAddress peer,
        ShutdownObserver observer,
        LongSupplier clock) {

    SSLEngine clientEngine(SocketAddress remote) {
        InetSocketAddress server = peer == null ? (InetSocketAddress) remote : peer;
        return engine(server.getHostString(), server.getPort(), true);
    }

    /**
     * Forgets the sessions that a client would resume.
     *
     * @return whether there was any
     */
    boolean forgetSessions(SSLEngine client) {
        boolean forgotten = false;
        SSLSessionContext sessions = sslContext.getClientSessionContext();
        for (byte[] id : Collections.list(sessions.getIds())) {
            SSLSession session = sessions.getSession(id);
            if (session != null && session.getPeerPort() == client.getPeerPort()
                    && client.getPeerHost().equalsIgnoreCase(session.getPeerHost())) {
                session.invalidate();
                forgotten = true;
            }
        }
        return forgotten;
    }

    /** A server's cookies hold for the address that its engine was made with. */
    SSLEngine serverEngine(InetSocketAddress client) {
        return engine(NetUtil.toAddressString(client.getAddress()), client.getPort(), false);
    }

    private SSLEngine engine(String host, int port, boolean client) {
        SSLEngine engine = sslContext.createSSLEngine(host, port);
        engine.setUseClientMode(client);
        SSLParameters changed = engine.getSSLParameters();
        parameters.accept(changed);
        engine.setSSLParameters(changed);
        return engine;
    }
}
