package io.closenotify.dtls;

import io.closenotify.ShutdownPolicy;
import io.netty.util.NetUtil;
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
        InetSocketAddress server = peer == null ? (InetSocketAddress) remote : peer;
        return engine(server.getHostString(), server.getPort(), true);
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
