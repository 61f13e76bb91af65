/** Fault relays, peers and checks that tests of any pipeline can use. */
@NullMarked
package io.closenotify.testkit;

import org.jspecify.annotations.NullMarked;
