package io.closenotify.dtls;

import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownState;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** OUTLINE. DTLS on one channel: a connected {@code DatagramChannel}, or a child of a {@link DtlsServerChannel}. */
public final class DtlsHandler extends ChannelDuplexHandler {

    DtlsHandler(DtlsHandlerBuilder builder, SSLEngine engineOfServer) {
        throw new UnsupportedOperationException("outline");
    }

    /** A builder of handlers for clients; of the children's, given to a DtlsServerChannel. */
    public static DtlsHandlerBuilder builder(SSLContext sslContext) {
        return new DtlsHandlerBuilder(sslContext);
    }

    /** Completes with the handshake. */
    public Future<Channel> handshakeFuture() {
        throw new UnsupportedOperationException("outline");
    }

    /** The engine; null before the channel is active. */
    public SSLEngine engine() {
        throw new UnsupportedOperationException("outline");
    }

    /** Bytes of the largest message that one write can send; 0 before the handshake is done. */
    public int maxMessageSize() {
        throw new UnsupportedOperationException("outline");
    }

    public ShutdownPolicy policy() {
        throw new UnsupportedOperationException("outline");
    }

    public Future<Void> setPolicy(ShutdownPolicy policy) {
        throw new UnsupportedOperationException("outline");
    }

    public ShutdownState state() {
        throw new UnsupportedOperationException("outline");
    }

    public ShutdownFuture shutdown() {
        throw new UnsupportedOperationException("outline");
    }

    public ShutdownFuture shutdown(ShutdownPolicy policy) {
        throw new UnsupportedOperationException("outline");
    }

    public ShutdownFuture abort() {
        throw new UnsupportedOperationException("outline");
    }

    public Future<Void> setCloseNotifySent() {
        throw new UnsupportedOperationException("outline");
    }

    public Future<Void> setCloseNotifyReceived() {
        throw new UnsupportedOperationException("outline");
    }

    /** Called by the server channel, event loop of the child: the peer has a new, verified association. */
    void superseded() {
        throw new UnsupportedOperationException("outline");
    }
}
