package io.closenotify;

/** What happens to application data that arrives after our close_notify, while we wait for the peer's. */
public enum InboundPolicy {

    /**
     * It goes to the application, up to the cap (RFC 8446, section 6.1: a close_notify ends one direction only). The
     * shutdown reads by itself, whatever autoRead says. The default.
     */
    DELIVER,

    /**
     * It goes to the application when the application asks for it: autoRead and {@code read()} count as ever, and there
     * is no cap. For the writing half alone: {@link ShutdownPolicy#halfClose()}.
     */
    ON_DEMAND,

    /** It is counted and released (RFC 5246, section 7.2.1: "Any data received after a closure alert is ignored"). */
    DISCARD
}
