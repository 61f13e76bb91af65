package io.closenotify;

/** What the end of input without the peer's close_notify means. */
public enum TruncationPolicy {

    /**
     * A {@link TruncationException} goes through the pipeline, and the result is {@link ShutdownResult#TRUNCATED}. The
     * default, as in OpenSSL ({@code SSL_R_UNEXPECTED_EOF_WHILE_READING}).
     */
    FAIL,

    /** The result is {@link ShutdownResult#TRUNCATED}; no exception goes through the pipeline. */
    REPORT,

    /**
     * It counts as the peer's close_notify, as with {@code SSL_OP_IGNORE_UNEXPECTED_EOF}: the result is
     * {@link ShutdownResult#CLEAN}, with {@link ShutdownOutcome#closeNotifyReceived()} false and a cause that says so.
     * Only for application protocols that tell by themselves where their data ends.
     */
    IGNORE
}
