package io.closenotify.examples.cli;

import java.io.File;
import org.jspecify.annotations.Nullable;

/**
 * Whom a client trusts.
 *
 * @param anyone whether nothing is checked
 * @param only the only certificates to trust, in PEM, or {@code null} for those of the JVM
 */
record Trust(boolean anyone, @Nullable File only) {

    static final Trust ANYONE = new Trust(true, null);
}
