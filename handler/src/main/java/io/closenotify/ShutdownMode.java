package io.closenotify;

/**
 * How far a shutdown goes.
 *
 * <p>A shutdown in progress can be hastened ({@link #BIDIRECTIONAL} to {@link #FAST} to {@link #QUIET}) or strengthened
 * ({@link #FAST} to {@link #BIDIRECTIONAL}) by a later call, as {@code SSL_shutdown_ex} lets its caller drop
 * {@code SSL_SHUTDOWN_FLAG_RAPID}. An alert that has left cannot be taken back: from then on {@link #QUIET} means what
 * {@link #FAST} means.
 */
public enum ShutdownMode {

    /**
     * Send close_notify and go on reading until the peer's arrives: {@code SSL_shutdown} called until it returns 1.
     * The only mode in which the end of the peer's data is authenticated. The default.
     */
    BIDIRECTIONAL,

    /**
     * Send close_notify and do not wait for the peer's: {@code SSL_shutdown} returning 0, then closing the transport.
     * Use it only when the peer is known to send nothing more that matters.
     */
    FAST,

    /**
     * Send no alert and count both as exchanged: {@code SSL_set_quiet_shutdown}. It breaks the TLS standard; use it
     * only when the application protocol tells the peer that it has received everything. Data written before is
     * still flushed.
     */
    QUIET
}
