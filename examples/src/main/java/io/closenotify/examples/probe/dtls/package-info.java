/** The audit of how a peer closes DTLS connections. */
@NullMarked
package io.closenotify.examples.probe.dtls;

import org.jspecify.annotations.NullMarked;
