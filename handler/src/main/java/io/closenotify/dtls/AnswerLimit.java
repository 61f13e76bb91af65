package io.closenotify.dtls;

import java.util.function.LongSupplier;

/** How often a peer, or who pretends to be one, may make us repeat ourselves. */
final class AnswerLimit {

    private static final int MOST = 32;

    private final LongSupplier clock;
    private final long interval;
    private long last;
    private int answers;

    /**
     * Creates a limit.
     *
     * @param interval between two answers, at least, in nanoseconds
     */
    AnswerLimit(LongSupplier clock, long interval) {
        this.clock = clock;
        this.interval = interval;
    }

    boolean take() {
        long now = clock.getAsLong();
        if (answers == MOST || (answers > 0 && now - last < interval)) {
            return false;
        }
        last = now;
        answers++;
        return true;
    }
}
