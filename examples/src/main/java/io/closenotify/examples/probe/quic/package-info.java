/** The audit of how a peer closes QUIC connections. */
@NullMarked
package io.closenotify.examples.probe.quic;

import org.jspecify.annotations.NullMarked;
