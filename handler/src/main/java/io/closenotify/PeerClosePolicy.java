package io.closenotify;

/** What to do when the peer's close_notify arrives before ours was sent. */
public enum PeerClosePolicy {

    /**
     * Flush what is queued and what the application writes while it handles the data before the alert, answer, finish.
     * RFC 5246, section 7.2.1, wants the answer immediately. The default.
     */
    RESPOND,

    /**
     * Tell the application by a {@link PeerCloseNotifyEvent} ({@code SSL_ERROR_ZERO_RETURN}) and let it go on writing;
     * our close_notify follows its last byte when it closes or calls {@code shutdown()}, or when
     * {@link ShutdownPolicy#deferTimeout()} is over. RFC 8446, section 6.1: the peer's alert "does not have any effect
     * on its read side".
     */
    DEFER
}
