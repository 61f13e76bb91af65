package io.closenotify.examples.cli;

/** What {@code --protocol} accepts. */
enum Protocol {
    TLS
}
