package io.closenotify;

/**
 * Goes through the pipeline as a user event when the peer ends its side before a shutdown of ours began, behind all the
 * data before it: {@code SSL_ERROR_ZERO_RETURN}. Under {@link PeerClosePolicy#DEFER} the application may go on writing,
 * and ends the connection by {@code close()} or {@code shutdown()} when it is done.
 *
 * @param authenticated whether a close_notify was decrypted and verified. {@code false} for TLS 1.2 on the JDK's engine
 *     where an alert is held in front of it, because it would answer at once: it may turn out to be another alert, or
 *     forged, when it is read in the end, and the outcome tells. Until then it proves nothing about the completeness of
 *     the peer's data. {@code false} also for the end of input where the caller had declared the close_notify received
 */
public record PeerCloseNotifyEvent(boolean authenticated) {
}
