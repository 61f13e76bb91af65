package io.closenotify;

/** Completes with how a TLS or DTLS connection ended; fails with a {@link ShutdownException} unless in success. */
public interface ShutdownFuture extends OutcomeFuture<ShutdownOutcome> {
}
