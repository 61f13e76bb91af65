/** HTTP/3 on netty-incubator-codec-http3, which is an optional dependency: how a server's connections are drained. */
@NullMarked
package io.closenotify.quic.http3;

import org.jspecify.annotations.NullMarked;
