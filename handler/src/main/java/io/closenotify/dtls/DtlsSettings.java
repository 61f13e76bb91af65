package io.closenotify.dtls;

import io.closenotify.ShutdownPolicy;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
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
        LongSupplier clock) {

    SSLEngine clientEngine(SocketAddress remote) {
        return engine(peer == null ? (InetSocketAddress) remote : peer, true);
    }

    /** A server's cookies hold for the address that its engine was made with. */
    SSLEngine serverEngine(InetSocketAddress client) {
        return engine(client, false);
    }

    private SSLEngine engine(InetSocketAddress address, boolean client) {
        SSLEngine engine = sslContext.createSSLEngine(address.getHostString(), address.getPort());
        engine.setUseClientMode(client);
        SSLParameters changed = engine.getSSLParameters();
        parameters.accept(changed);
        engine.setSSLParameters(changed);
        return engine;
    }
}
