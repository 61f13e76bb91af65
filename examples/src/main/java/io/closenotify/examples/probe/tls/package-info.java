/** The audit of how a peer closes TLS. */
@NullMarked
package io.closenotify.examples.probe.tls;

import org.jspecify.annotations.NullMarked;
