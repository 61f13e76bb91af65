package io.closenotify.quic;

/**
 * How a QUIC connection is shut down.
 *
 * <p><b>Specification:</b> {@code SSL_shutdown_ex(3)}; RFC 9000, section 10.2.
 */
public enum QuicShutdownMode {

    /**
     * CONNECTION_CLOSE is sent, and for the closing period of three probe timeouts it is repeated, as the same
     * datagram, in answer to packets of the peer. The shutdown's outcome is known once the frame is on the wire; the
     * closing period goes on behind it without the connection. The default.
     */
    COMPLIANT,

    /**
     * One datagram with CONNECTION_CLOSE is sent ({@code SSL_SHUTDOWN_FLAG_RAPID}), and none more. If it is lost the
     * peer learns of the end from its idle timeout.
     */
    RAPID,

    /**
     * No CONNECTION_CLOSE of ours: the peer is to close the connection ({@code SSL_SHUTDOWN_FLAG_WAIT_PEER}). Nothing
     * is flushed and nothing refused meanwhile.
     */
    WAIT_PEER
}
