package io.closenotify.examples.cli;

/** What {@code --protocol} accepts. */
enum Protocol {

    TLS("close_notify"),

    DTLS("close_notify"),

    QUIC("CONNECTION_CLOSE");

    private final String close;

    Protocol(String close) {
        this.close = close;
    }

    /** What ends a connection, as its specification spells it. */
    String close() {
        return close;
    }
}
