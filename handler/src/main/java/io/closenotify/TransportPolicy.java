package io.closenotify;

/** What becomes of the transport once TLS has ended. */
public enum TransportPolicy {

    /** It is closed. The default. */
    CLOSE,

    /**
     * It lives on in plaintext: both close_notify alerts are exchanged, TLS leaves the pipeline, bytes behind the
     * peer's alert are delivered as they are, and what the application writes after it asked for this goes out behind
     * ours, in order. (A write of another thread that races the call may still be among the data before our alert.)
     * Where it is the peer that ends TLS, writes between our answer and the outcome fail: they were not meant to go out
     * in plaintext. The same care is the application's own when it asks: whatever writes by itself (a
     * {@code ChunkedWriteHandler} in the middle of a file, an answer to data that still arrives) must be done before,
     * or it goes out in plaintext. Where the peer does not send its alert the transport is closed: without it nobody
     * can tell where TLS ended ({@code SSL_shutdown(3)}: "When the underlying connection shall be used for more
     * communications, the complete shutdown procedure must be performed").
     */
    KEEP
}
