/** One short example a policy. */
@NullMarked
package io.closenotify.examples;

import org.jspecify.annotations.NullMarked;
