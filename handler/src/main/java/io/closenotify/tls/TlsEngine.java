package io.closenotify.tls;

import io.closenotify.EngineCapabilities;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslHandler;

/**
 * What a shutdown needs of a TLS engine, without closing the transport. Event loop only.
 *
 * <p>An adapter makes one promise about inbound events: {@code SslCloseCompletionEvent.SUCCESS} together with
 * {@link #closeNotifyReceived()} means that the peer's close_notify arrived, after all the data before it.
 */
interface TlsEngine {

    /**
     * Returns the adapter for a handler's engine.
     *
     * @param sslContext the context of an {@code SslHandler}
     */
    static TlsEngine of(ChannelHandlerContext sslContext) {
        SslHandler ssl = (SslHandler) sslContext.handler();
        return ssl.engine() instanceof ReferenceCountedOpenSslEngine engine
                ? new OpenSslTlsEngine(sslContext, ssl, engine)
                : new JdkTlsEngine(ssl);
    }

    /**
     * What this engine can do, given the protocol version it negotiated.
     *
     * @param gated whether a gate in front of the engine lets it see records one by one
     */
    EngineCapabilities capabilities(boolean gated);

    /** Whether the engine answers the peer's close_notify inside the read, and shuts its own side down by that. */
    boolean answersByItself();

    /** Whether a close_notify in the segment that ends the handshake would be answered before we can see to it. */
    boolean needsRecordsOfHandshake();

    /**
     * Whether the handshake truly is complete, once {@code SslHandler} has said so: it takes an engine that has stopped
     * in the middle for one that is done.
     */
    boolean isEstablished();

    /** The handshake is done: from now on the answer to the peer's close_notify is to be ours, where possible. */
    void handshakeCompleted();

    /** Input was read: looks for what the engine does not tell by events. */
    void inputRead();

    /** Sends the session tickets that a server has not sent yet. */
    void sendTickets();

    /** Whether the peer's session tickets are to be expected still, and would be ignored behind our close_notify. */
    boolean ticketsDue();

    /** Whether the peer's close_notify has truly arrived. */
    boolean closeNotifyReceived();

    /** Whether the engine has answered the peer's close_notify by itself. */
    boolean answered();

    /**
     * Sends our close_notify, behind everything that was written and flushed before, once.
     *
     * @param behind a context behind the {@code SslHandler}
     * @param promise completed when the kernel has taken the alert
     */
    void sendCloseNotify(ChannelHandlerContext behind, ChannelPromise promise);

    /**
     * Tells the peer that the handshake is given up, as far as the engine can.
     *
     * @param promise completed when the kernel has taken what there was to send
     * @return whether a close_notify was among it
     */
    boolean abandonHandshake(ChannelPromise promise);

    /** Counts both alerts as exchanged, without sending any. */
    void markQuiet();

    /** Gives the answer to the peer's close_notify back to the engine, and takes what helped with it away. */
    void detach();
}
