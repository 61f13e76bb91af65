/**
 * Shutdown of QUIC connections on netty-incubator-codec-quic, in the manner of {@code SSL_shutdown_ex}.
 *
 * <p><b>Specification:</b> RFC 9000, section 10; {@code SSL_shutdown_ex(3)}.
 */
@NullMarked
package io.closenotify.quic;

import org.jspecify.annotations.NullMarked;
