/**
 * The vocabulary of a shutdown: what a user asks for ({@link io.closenotify.ShutdownPolicy}), may look at meanwhile
 * ({@link io.closenotify.ShutdownState}) and is told at the end ({@link io.closenotify.ShutdownOutcome}).
 *
 * <p>It is the same for every protocol. The decisions are made in {@link io.closenotify.core}; the handler for TLS is
 * in {@link io.closenotify.tls}.
 */
@NullMarked
package io.closenotify;

import org.jspecify.annotations.NullMarked;
