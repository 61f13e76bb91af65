package io.closenotify.examples.cli;

/** What {@code --on-peer-close} accepts. */
enum PeerCloseChoice {

    /** Answer the peer's close_notify as soon as what came before it has been handled. */
    RESPOND
}
