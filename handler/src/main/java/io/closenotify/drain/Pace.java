package io.closenotify.drain;

/**
 * When shutdowns may start: evenly over a time.
 *
 * @param start when the first one may, in nanoseconds
 * @param count how many there are; those that come late may start when the time is over
 * @param spread the time in nanoseconds
 */
record Pace(long start, int count, long spread) {

    /** How many may have started by a time. */
    int due(long now) {
        long elapsed = now - start;
        return elapsed >= spread ? Integer.MAX_VALUE : 1 + (int) ((double) elapsed / spread * count);
    }

    /** When the next one may start. */
    long next(int started) {
        return started >= count ? start + spread : start + (long) ((double) started / count * spread);
    }

    /** How long the last start is away. */
    long left(long now) {
        return Math.max(0, start + spread - now);
    }
}
