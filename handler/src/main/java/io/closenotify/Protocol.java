package io.closenotify;

/** What secures a connection, and ends it. */
public enum Protocol {

    /** TLS 1.2 and 1.3: close_notify, and then the end of TCP (RFC 5246, section 7.2.1; RFC 8446, section 6.1). */
    TLS,

    /** DTLS 1.2: close_notify alone (RFC 6347). */
    DTLS,

    /** QUIC version 1: CONNECTION_CLOSE (RFC 9000, section 10.2). */
    QUIC
}
