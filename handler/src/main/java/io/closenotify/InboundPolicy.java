package io.closenotify;

/** What happens to application data that arrives after our close_notify, while we wait for the peer's. */
public enum InboundPolicy {

    /** It goes to the application (RFC 8446, section 6.1: a close_notify ends one direction only). */
    DELIVER,

    /** It is counted and released (RFC 5246, section 7.2.1: "Any data received after a closure alert is ignored"). */
    DISCARD
}
