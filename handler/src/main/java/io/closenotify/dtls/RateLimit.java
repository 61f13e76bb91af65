package io.closenotify.dtls;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** So many a second at most, and a fiftieth of it at once. */
final class RateLimit {

    private static final int BURSTS_PER_SECOND = 50;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final LongSupplier clock;
    private final long cost;
    private final long most;
    private long credit;
    private long last;

    RateLimit(int perSecond, LongSupplier clock) {
        this.clock = clock;
        cost = SECOND / perSecond;
        most = Math.max(cost, SECOND / BURSTS_PER_SECOND);
        credit = most;
        last = clock.getAsLong();
    }

    boolean take() {
        long now = clock.getAsLong();
        // What has passed is cut first: a sum could overflow.
        credit = Math.min(most, credit + Math.min(most, now - last));
        last = now;
        if (credit < cost) {
            return false;
        }
        credit -= cost;
        return true;
    }
}
