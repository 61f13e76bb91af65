package io.closenotify;

/** Who ended the connection first. */
public enum ShutdownInitiator {

    /** This side: {@code shutdown()}, {@code close()} or {@code disconnect()} came before anything of the peer's. */
    LOCAL,

    /** The peer: its close_notify, its fatal alert, or something that made us send one, came first. */
    PEER,

    /** Neither protocol end: the transport ended or failed underneath (end of input, reset). */
    TRANSPORT
}
