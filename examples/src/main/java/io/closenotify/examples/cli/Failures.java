package io.closenotify.examples.cli;

import org.jspecify.annotations.Nullable;

/** Puts failures into words, on one line. */
final class Failures {

    private static final int LONGEST = 300;

    private Failures() {
    }

    static @Nullable String text(@Nullable Throwable failure) {
        return failure == null ? null : describe(failure);
    }

    static String describe(Throwable failure) {
        StringBuilder text = new StringBuilder(message(failure));
        for (Throwable hint : failure.getSuppressed()) {
            text.append("; ").append(message(hint));
        }
        return oneLine(text.toString());
    }

    private static String message(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
    }

    /** On one line, and cut where an engine quotes all that a peer has sent. */
    static String oneLine(String text) {
        String line = text.strip().replaceAll("\\s*\\R\\s*", " ");
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "…";
    }
}
