/**
 * DTLS 1.2 for Netty on the JDK's engine, for clients ({@link io.closenotify.dtls.DtlsHandler}) and servers
 * ({@link io.closenotify.dtls.DtlsServerChannel}), with the shutdown of {@link io.closenotify}.
 */
@NullMarked
package io.closenotify.dtls;

import org.jspecify.annotations.NullMarked;
