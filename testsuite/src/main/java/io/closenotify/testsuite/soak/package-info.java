/** A soak: many connections under faults, whose outcomes are compared with what the relays did. */
@NullMarked
package io.closenotify.testsuite.soak;

import org.jspecify.annotations.NullMarked;
