package io.closenotify.quic;

/** What becomes of the data on streams before CONNECTION_CLOSE, which ends all streams at once, is sent. */
public enum StreamFlush {

    /**
     * It is waited until every byte written on streams that were not reset is acknowledged, as
     * {@code SSL_shutdown_ex(3)} does by default. No FIN is added and nothing is reset. The default.
     */
    ACKNOWLEDGED,

    /** Nothing is waited for ({@code SSL_SHUTDOWN_FLAG_NO_STREAM_FLUSH}): data may be lost, and this is told. */
    NONE
}
