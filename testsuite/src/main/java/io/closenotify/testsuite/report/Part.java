package io.closenotify.testsuite.report;

import org.jspecify.annotations.Nullable;

/**
 * A part of the report, whatever came of it.
 *
 * @param name by which it is run alone
 * @param title its headline
 * @param seconds how long it took
 * @param section what it found, or {@code null} if it failed
 * @param failure why it failed, or {@code null} if it did not
 */
public record Part(String name, String title, double seconds, @Nullable Section section, @Nullable String failure) {

    /** Checks that it either found something or failed. */
    public Part {
        if ((section == null) == (failure == null)) {
            throw new IllegalArgumentException(name + ": expected either a section or a failure");
        }
    }
}
