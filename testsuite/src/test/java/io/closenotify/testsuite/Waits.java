package io.closenotify.testsuite;

import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** The deadline of everything that tests wait for. */
public final class Waits {

    public static final Duration DEADLINE = Duration.ofSeconds(10);

    private Waits() {
    }

    /** Waits until it is done, well or not. */
    public static <F extends Future<?>> F done(F future) throws InterruptedException {
        if (!future.await(DEADLINE.toMillis())) {
            throw new AssertionError("not done within " + DEADLINE + ": " + future);
        }
        return future;
    }

    public static <T> T next(BlockingQueue<T> queue, String what) throws InterruptedException {
        T next = queue.poll(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        if (next == null) {
            throw new AssertionError("not within " + DEADLINE + ": " + what);
        }
        return next;
    }
}
