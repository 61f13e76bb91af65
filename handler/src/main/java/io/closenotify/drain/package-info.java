/** Draining a whole server: many connections, one deadline. */
@NullMarked
package io.closenotify.drain;

import org.jspecify.annotations.NullMarked;
