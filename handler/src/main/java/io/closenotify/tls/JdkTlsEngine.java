package io.closenotify.tls;

import io.closenotify.EngineCapabilities;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProtocols;
import javax.net.ssl.SSLEngine;

/**
 * The JDK's engine, and any other that keeps to the contract of {@code SSLEngine}. Closing its outbound side leaves the
 * inbound side open. In TLS 1.3 it leaves the answer to the peer's close_notify to us; in TLS 1.2 it answers at once,
 * as RFC 5246, section 7.2.1 wants. This adapter knows no more than the engine does, and is not kept.
 */
final class JdkTlsEngine implements TlsEngine {

    /** SSLEngine.getSession(): "Until the initial handshake has completed", an "invalid cipher suite". */
    private static final String NO_CIPHER_SUITE = "SSL_NULL_WITH_NULL_NULL";

    private final SslHandler ssl;

    JdkTlsEngine(SslHandler ssl) {
        this.ssl = ssl;
    }

    @Override
    public EngineCapabilities capabilities(boolean gated) {
        boolean tls13 = !answersByItself();
        return new EngineCapabilities("JDK", tls13 || gated, tls13 || gated, tls13, gated, true, true);
    }

    @Override
    public boolean answersByItself() {
        return !SslProtocols.TLS_v1_3.equals(ssl.engine().getSession().getProtocol());
    }

    @Override
    public boolean needsRecordsOfHandshake() {
        return false;
    }

    /**
     * After user_canceled and close_notify in the handshake, which in TLS 1.2 and in front of TLS 1.3's ServerHello
     * anyone can send, the engine is no longer handshaking, and says no more than that. A server's session of TLS 1.3
     * is there before the client's Finished; then the one under construction still is, too.
     */
    @Override
    public boolean isEstablished() {
        SSLEngine engine = ssl.engine();
        return !NO_CIPHER_SUITE.equals(engine.getSession().getCipherSuite())
                && !(engine.isInboundDone() && engine.getHandshakeSession() != null);
    }

    @Override
    public void handshakeCompleted() {
        // Nothing to prepare.
    }

    @Override
    public void inputRead() {
        // The event tells.
    }

    @Override
    public void sendTickets() {
        // The handshake has sent them.
    }

    @Override
    public boolean ticketsDue() {
        return false;
    }

    @Override
    public boolean closeNotifyReceived() {
        // isInboundDone() alone is also true after a truncation, because SslHandler closes the inbound side then.
        return ssl.sslCloseFuture().isSuccess() && ssl.engine().isInboundDone();
    }

    @Override
    public boolean answered() {
        return ssl.engine().isOutboundDone();
    }

    @Override
    public void sendCloseNotify(ChannelHandlerContext behind, ChannelPromise promise) {
        ssl.closeOutbound(promise);
    }

    @Override
    public boolean abandonHandshake(ChannelPromise promise) {
        // Sends user_canceled and close_notify, if the engine has begun to talk at all.
        ssl.closeOutbound(promise);
        return true;
    }

    @Override
    public void markQuiet() {
        // The JDK has no such flag; it sends nothing unless asked to wrap.
    }

    @Override
    public void detach() {
        // Nothing was changed.
    }
}
