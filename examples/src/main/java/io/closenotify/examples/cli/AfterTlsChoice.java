package io.closenotify.examples.cli;

/** What {@code --after-tls} accepts. */
enum AfterTlsChoice {

    /** TCP lives on, and what arrives is sent back in plaintext. */
    ECHO
}
