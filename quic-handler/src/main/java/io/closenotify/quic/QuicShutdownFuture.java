package io.closenotify.quic;

import io.closenotify.OutcomeFuture;

/** Completes with how a QUIC connection ended; fails with a {@link QuicShutdownException} unless in success. */
public interface QuicShutdownFuture extends OutcomeFuture<QuicShutdownOutcome> {
}
