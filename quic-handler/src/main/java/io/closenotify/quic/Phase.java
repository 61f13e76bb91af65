package io.closenotify.quic;

/** Where a QUIC connection stands on its way to its end. */
enum Phase {

    /** The handshake is not complete. */
    HANDSHAKE,

    /** Open, and no shutdown asked for. */
    OPEN,

    /** Writes are refused; what was written is waited for to be acknowledged. */
    FLUSH,

    /** The peer is waited for to close the connection. */
    WAIT_PEER,

    /** Our CONNECTION_CLOSE is to leave. */
    CLOSE,

    /** Over; a closing period may go on without the connection. Absorbs everything but a strengthening. */
    TERMINATED
}
