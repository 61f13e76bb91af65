package io.closenotify;

/** What secures a connection, and ends it. */
public enum Protocol {

    /** TLS 1.2 and 1.3: close_notify, and then the end of TCP. */
    TLS,

    /** DTLS 1.2: close_notify alone. */
    DTLS,

    /** QUIC version 1: CONNECTION_CLOSE. */
    QUIC
}
