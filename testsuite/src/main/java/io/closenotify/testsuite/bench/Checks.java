package io.closenotify.testsuite.bench;

import org.jspecify.annotations.Nullable;

/** A benchmark that does not do what it says must fail, not report a figure. */
final class Checks {

    private Checks() {
    }

    static void check(boolean holds, String complaint, @Nullable Object found) {
        if (!holds) {
            throw new IllegalStateException(complaint + ": " + found);
        }
    }
}
