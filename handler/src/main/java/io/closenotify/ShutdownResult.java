package io.closenotify;

/**
 * What became of a shutdown.
 *
 * <p>The results are exclusive. {@link #isSuccess()} is true only where nothing is known to have been lost and
 * everything the mode asked for was done, or was declined by the peer in the one way that TLS peers commonly do
 * ({@link #UNANSWERED}).
 */
public enum ShutdownResult {

    /**
     * Both close_notify alerts were exchanged. Also the end of input without close_notify where a
     * {@link MessageBoundary} says that no message was cut, and under {@link TruncationPolicy#IGNORE};
     * {@link ShutdownOutcome#closeNotifyReceived()} is then false and {@link ShutdownOutcome#cause()} says so.
     */
    CLEAN(true),

    /**
     * Our close_notify reached the kernel, and not waiting for the peer's was our choice ({@link ShutdownMode#FAST}).
     */
    UNIDIRECTIONAL(true),

    /** No alert was sent, by choice ({@link ShutdownMode#QUIET}); what had been written reached the kernel. */
    QUIET(true),

    /**
     * After our close_notify the peer ended the transport in good order instead of answering: OpenSSL's "ignorant
     * other end". Very common, hence no exception; but the end of the peer's data is not authenticated.
     */
    UNANSWERED(true),

    /** After our close_notify neither an answer nor the end of input came within {@code peerTimeout}. */
    PEER_SILENT(false),

    /**
     * The input ended without the peer's close_notify and before our own was sent: data of the peer may have been cut
     * off, by accident or by an attacker (RFC 8446, section 6.1). After our own it is {@link #UNANSWERED}, unless a
     * {@link MessageBoundary} says that a message was cut, or TLS alone was to end ({@link TransportPolicy#KEEP}).
     */
    TRUNCATED(false),

    /** The transport was reset or failed before the shutdown was over; data of either side may be lost. */
    RESET(false),

    /**
     * Data written before the shutdown, or our close_notify, did not reach the kernel: {@code flushTimeout} passed, a
     * write failed, or the transport closed. {@link ShutdownOutcome#bytesNotFlushed()} counts it.
     */
    FLUSH_FAILED(false),

    /** A fatal alert was received, or sent by us because a record could not be read. The session is gone. */
    FATAL_ALERT(false),

    /**
     * Closed before the handshake was over (a failed handshake too), or forced: the cap on inbound data, the caller's
     * {@code abort()}, the removal of a handler, a close in front of the TLS handler, or a transport that was to be
     * kept and could not.
     */
    ABORTED(false);

    private final boolean success;

    ShutdownResult(boolean success) {
        this.success = success;
    }

    /**
     * Tells whether futures that report this result succeed.
     *
     * @return {@code true} for {@link #CLEAN}, {@link #UNIDIRECTIONAL}, {@link #QUIET} and {@link #UNANSWERED}
     */
    public boolean isSuccess() {
        return success;
    }
}
