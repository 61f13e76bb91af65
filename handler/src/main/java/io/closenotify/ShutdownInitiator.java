package io.closenotify;

/** Who ended the connection first. */
public enum ShutdownInitiator {

    /** This side: {@code shutdown()}, {@code close()} or {@code disconnect()} came before anything of the peer's. */
    LOCAL,

    /** The peer: its close_notify or its fatal alert came first. */
    PEER,

    /** Neither protocol end: the transport ended or failed underneath (end of input, reset). */
    TRANSPORT
}
