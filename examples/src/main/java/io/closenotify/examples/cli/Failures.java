package io.closenotify.examples.cli;

import org.jspecify.annotations.Nullable;

/** Puts failures into words, on one line. */
final class Failures {

    private Failures() {
    }

    static @Nullable String text(@Nullable Throwable failure) {
        return failure == null ? null : describe(failure);
    }

    static String describe(Throwable failure) {
        String message = failure.getMessage();
        String text = message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
        return oneLine(text);
    }

    static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
