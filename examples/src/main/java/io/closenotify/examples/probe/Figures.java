package io.closenotify.examples.probe;

import java.time.Duration;
import java.util.Locale;

/** Times and bytes as people read them; what is counted stays on the line of its number. */
final class Figures {

    private static final char NO_BREAK = '\u00a0';

    private Figures() {
    }

    static String time(long micros) {
        if (micros >= 10_000_000) {
            return format("%,.2f", micros / 1e6) + NO_BREAK + "s";
        }
        return format(micros < 100_000 ? "%.2f" : "%,.1f", micros / 1e3) + NO_BREAK + "ms";
    }

    static String time(Duration duration) {
        return format("%,.1f", duration.toMillis() / 1e3) + NO_BREAK + "s";
    }

    static String bytes(long bytes) {
        return count(bytes, "B");
    }

    static String count(long number, String what) {
        return format("%,d", number) + NO_BREAK + what;
    }

    private static String format(String format, Object value) {
        return String.format(Locale.ROOT, format, value);
    }
}
