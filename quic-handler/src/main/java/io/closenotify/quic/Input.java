package io.closenotify.quic;

/** What can happen to a connection, as far as its end is concerned. */
enum Input {

    /** The handshake is complete: the channel became active. */
    HANDSHAKE_COMPLETED,

    /** A shutdown as RFC 9000, section 10.2 asks was requested, or a rapid one is to be strengthened to it. */
    REQUEST_COMPLIANT,

    /** A rapid shutdown was requested. */
    REQUEST_RAPID,

    /** It was requested to wait for the peer's close. */
    REQUEST_WAIT_PEER,

    /** Whatever is pending is not to be waited for any longer. */
    SKIP_FLUSH,

    /** Everything written is acknowledged. */
    FLUSHED,

    /** The timer of the current phase expired. */
    TIMER_EXPIRED,

    /** A datagram with our CONNECTION_CLOSE was written to the socket. */
    CLOSE_WRITTEN,

    /** The socket did not take the datagram. */
    CLOSE_FAILED,

    /** The peer's CONNECTION_CLOSE arrived, and nothing of ours is pending. */
    PEER_CLOSED,

    /** The peer's CONNECTION_CLOSE arrived, and data of ours is queued or not acknowledged. */
    PEER_CLOSED_EARLY,

    /** The connection ended by its idle timeout. */
    IDLE_TIMEOUT,

    /** The connection ended without a word: a stateless reset, or the UDP channel was closed underneath. */
    RESET,

    /** The codec gave the connection up because of an error. */
    FAILED,

    /** The end is forced: the peer is told, and nothing else is waited for. */
    ABORT,

    /** The handler is taken away. */
    REMOVED
}
