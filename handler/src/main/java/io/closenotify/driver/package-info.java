/**
 * What the handlers of TLS and DTLS have in common: the machine of a connection at work, those who wait for its end,
 * its timer, its books, and the way from any thread to the event loop. Public for those two packages only: it is no API
 * and may change at any time.
 */
@NullMarked
package io.closenotify.driver;

import org.jspecify.annotations.NullMarked;
