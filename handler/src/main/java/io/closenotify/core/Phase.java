package io.closenotify.core;

/** Where a connection is on its way to its end. */
public enum Phase {

    /** The TLS handshake is not over. */
    HANDSHAKE,

    /** The handshake is given up; what the engine has to say about it is on its way to the kernel. */
    ABANDON,

    /** Application data flows; no shutdown. */
    OPEN,

    /** The peer's close_notify came, or an alert that may be it; the application may still write, ours follows. */
    PEER_CLOSED,

    /** Data written before the shutdown is on its way to the kernel (WANT_WRITE). */
    FLUSH,

    /** Our close_notify waits for the peer's session tickets (WANT_READ). */
    TICKETS,

    /** Our close_notify is on its way to the kernel (WANT_WRITE). */
    SEND,

    /** Our close_notify has left, the peer's is awaited (WANT_READ). */
    AWAIT_PEER,

    /** Both alerts were exchanged; TLS is leaving the pipeline and the transport lives on. */
    RELEASE,

    /**
     * Nothing more is awaited: the transport is half-closed and input is discarded until the peer's FIN. Over datagrams
     * late records are answered by our close_notify.
     */
    LINGER,

    /** Over: absorbs every input. */
    TERMINATED
}
