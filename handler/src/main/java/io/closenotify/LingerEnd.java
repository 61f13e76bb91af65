package io.closenotify;

/** What ends the linger before its time is over. */
public enum LingerEnd {

    /** The peer's FIN. The default. */
    PEER_FIN,

    /**
     * The peer's FIN, or the kernel's report that everything we sent, FIN included, was acknowledged. Needs a transport
     * that can tell (epoll's {@code TCP_INFO}); elsewhere it is the same as {@link #PEER_FIN}. A reply that arrives
     * later may be answered with RST, which can no longer destroy anything of ours.
     */
    ACKNOWLEDGED
}
