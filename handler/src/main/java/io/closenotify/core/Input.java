package io.closenotify.core;

import io.closenotify.ShutdownMode;

/** What can happen to a connection. */
public enum Input {

    /** The TLS handshake succeeded. */
    HANDSHAKE_COMPLETED,

    /** A shutdown was requested, or one in progress is to become {@code BIDIRECTIONAL}. */
    REQUEST_BIDIRECTIONAL,

    /** A shutdown was requested, or one in progress is to become {@code FAST}. */
    REQUEST_FAST,

    /** A shutdown was requested, or one in progress is to become {@code QUIET}. */
    REQUEST_QUIET,

    /** The caller declares our close_notify sent ({@code SSL_set_shutdown}). */
    SET_SENT,

    /** The caller declares the peer's close_notify received ({@code SSL_set_shutdown}). */
    SET_RECEIVED,

    /** The engine has sent a close_notify by itself: the answer to the peer's, or when the handshake was given up. */
    ENGINE_SENT,

    /** All that was written before the shutdown has reached the kernel. */
    DATA_FLUSHED,

    /** The same, and the engine would ignore the peer's session tickets once our close_notify was sent. */
    TICKETS_DUE,

    /** What came since then may have held the tickets. */
    TICKETS_READ,

    /** Our close_notify, or what was said when the handshake was given up, has reached the kernel. */
    ALERT_FLUSHED,

    /** A write of data or of our close_notify failed. */
    FLUSH_FAILED,

    /** The peer's close_notify arrived. */
    PEER_CLOSE_NOTIFY,

    /** An alert arrived and is held in front of the engine, which would answer by itself: close_notify, most likely. */
    PEER_ALERT_HELD,

    /** The caller who went on reading at leisure puts an end to it. */
    RENEW_PEER_TIMER,

    /** TLS has left the pipeline. */
    TLS_RELEASED,

    /** The input ended; the transport can still be written to. */
    END_OF_INPUT,

    /** The transport is closed. */
    TRANSPORT_CLOSED,

    /** The transport was reset or failed. */
    RESET,

    /** A fatal alert was received, or sent by the engine. */
    FATAL_ALERT,

    /** The timer of the phase expired. */
    TIMER_EXPIRED,

    /** The kernel reports everything acknowledged, where that ends the linger. */
    ACKNOWLEDGED,

    /** More data arrived after our close_notify than the policy accepts. */
    CAP_EXCEEDED,

    /** The caller, or the removal of a handler, forces the end. */
    ABORT;

    /**
     * Returns the request for a shutdown.
     *
     * @param mode the mode asked for
     * @return the input that asks for it
     */
    public static Input requestFor(ShutdownMode mode) {
        return switch (mode) {
            case BIDIRECTIONAL -> REQUEST_BIDIRECTIONAL;
            case FAST -> REQUEST_FAST;
            case QUIET -> REQUEST_QUIET;
        };
    }
}
