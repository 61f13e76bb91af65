/** The audit of how a remote peer closes: exchanges with it, verdicts on them, and reports. */
@NullMarked
package io.closenotify.examples.probe;

import org.jspecify.annotations.NullMarked;
