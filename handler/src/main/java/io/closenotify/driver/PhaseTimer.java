package io.closenotify.driver;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The one timer of a connection's shutdown: arming it cancels what was armed before. Event loop only. */
public final class PhaseTimer {

    private final EventExecutor executor;
    private final Runnable expired;
    private @Nullable Future<?> timer;

    public PhaseTimer(EventExecutor executor, Runnable expired) {
        this.executor = executor;
        this.expired = expired;
    }

    /** Arms the timer; with zero there is none. */
    public void arm(Duration timeout) {
        if (timeout.isZero()) {
            cancel();
        } else {
            arm(timeout.toNanos(), expired);
        }
    }

    /** Arms the timer with something else to be done when it expires. */
    public void arm(long nanos, Runnable task) {
        cancel();
        timer = executor.schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    /** Nothing expires any more; without effect on what has expired. */
    public void cancel() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }
}
