/** The command line. */
@NullMarked
package io.closenotify.examples.cli;

import org.jspecify.annotations.NullMarked;
