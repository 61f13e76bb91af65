package io.closenotify;

/**
 * Goes through the pipeline as a user event when the peer's close_notify arrives before ours was sent, behind all the
 * data before it: {@code SSL_ERROR_ZERO_RETURN}. Under {@link PeerClosePolicy#DEFER} the application may go on writing,
 * and ends the connection by {@code close()} or {@code shutdown()} when it is done.
 *
 * @param authenticated whether the alert was decrypted and verified. {@code false} for TLS 1.2 on the JDK's engine
 *     under {@code DEFER}, which would answer at once and is therefore kept from seeing the alert: it may turn out to
 *     be another alert, or forged, when it is read in the end, and the outcome tells. Until then it proves nothing
 *     about the completeness of the peer's data
 */
public record PeerCloseNotifyEvent(boolean authenticated) {
}
