/**
 * Shutdown of TLS behind any stock {@code SslHandler}: {@link io.closenotify.tls.TlsShutdownHandler} and its adapters
 * to the engine of the JDK and to BoringSSL.
 */
@NullMarked
package io.closenotify.tls;

import org.jspecify.annotations.NullMarked;
