package io.closenotify.examples.cli;

import java.util.Locale;

/** The spelling of constants on the command line and in JSON: lower case with underscores. */
final class Labels {

    private Labels() {
    }

    static String of(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
