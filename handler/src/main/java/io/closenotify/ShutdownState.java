package io.closenotify;

/**
 * The two flags of {@code SSL_get_shutdown}, tracked apart, and what is awaited: an immutable snapshot that any thread
 * may read.
 *
 * @param closeNotifySent {@code SSL_SENT_SHUTDOWN}: sending was attempted (whether or not it reached the peer), was
 *     declined by {@link ShutdownMode#QUIET}, or was declared by the caller
 * @param closeNotifyReceived {@code SSL_RECEIVED_SHUTDOWN}: the peer's close_notify arrived, counts as arrived by
 *     {@link ShutdownMode#QUIET}, or was declared by the caller
 * @param want what the shutdown waits for
 */
public record ShutdownState(boolean closeNotifySent, boolean closeNotifyReceived, Want want) {

    /** What a shutdown in progress waits for, in the terms of {@code SSL_get_error}. */
    public enum Want {

        /** Nothing: no shutdown is in progress, or all that is left is to let the transport go. */
        NOTHING,

        /** {@code SSL_ERROR_WANT_READ}: our close_notify has left, the peer's is awaited. */
        WANT_READ,

        /** {@code SSL_ERROR_WANT_WRITE}: data or our close_notify has yet to reach the kernel. */
        WANT_WRITE
    }
}
