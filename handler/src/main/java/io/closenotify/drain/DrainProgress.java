package io.closenotify.drain;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How far a drain is.
 *
 * @param open connections whose shutdown has not begun
 * @param closing connections in shutdown, those that only linger included
 * @param done connections that are closed, the forced ones included
 * @param forced connections that were not done at the deadline
 * @param elapsed the time since the start of the drain
 * @param eta how long it will yet take if it goes on as so far, no longer than the deadline; {@code null} if nothing
 *     is known
 */
public record DrainProgress(
        int open, int closing, int done, int forced, Duration elapsed, @Nullable Duration eta) {

    @Override
    public String toString() {
        return "open " + open + ", closing " + closing + ", done " + done + ", forced " + forced
                + (eta == null ? "" : String.format(Locale.ROOT, ", ETA %.1f s", eta.toMillis() / 1e3));
    }
}
