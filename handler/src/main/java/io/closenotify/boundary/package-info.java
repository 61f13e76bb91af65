/**
 * Ready-made {@link io.closenotify.MessageBoundary boundaries} for HTTP/1.1, HTTP/2 and length-prefixed frames. Each is
 * a handler that passes everything on untouched.
 *
 * <p>Those for HTTP need {@code netty-codec-http} or {@code netty-codec-http2}, which whoever has such a codec in the
 * pipeline has anyway.
 */
@NullMarked
package io.closenotify.boundary;

import org.jspecify.annotations.NullMarked;
