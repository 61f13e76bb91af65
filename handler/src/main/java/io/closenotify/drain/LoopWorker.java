package io.closenotify.drain;

import io.netty.channel.EventLoop;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/** Does the work of a drain on one event loop, in slices that let others have their turn; measures how late it is. */
final class LoopWorker {

    static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(LoopWorker.class);

    private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final int SLICE_TASKS = 64;

    /** A task that is executed runs before the next I/O; one that is scheduled runs behind it. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final EventLoop loop;
    private final LongSupplier clock;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean awake = new AtomicBoolean();
    private volatile boolean ticking = true;
    private volatile long longestStall;

    LoopWorker(EventLoop loop, LongSupplier clock) {
        this.loop = loop;
        this.clock = clock;
    }

    /** Begins to measure. */
    void start() {
        loop.execute(this::expectTick);
    }

    /** No longer measures. */
    void stop() {
        ticking = false;
    }

    long longestStall() {
        return longestStall;
    }

    boolean isGone() {
        return loop.isTerminated();
    }

    /**
     * Runs a task on the event loop, as soon as it is its turn.
     *
     * @throws RejectedExecutionException if the loop is no more
     */
    void submit(Runnable task) {
        tasks.add(task);
        if (awake.compareAndSet(false, true)) {
            loop.execute(this::slice);
        }
    }

    private void slice() {
        if (tasks.isEmpty()) {
            awake.set(false);
            if (tasks.isEmpty() || !awake.compareAndSet(false, true)) {
                return;
            }
        }
        long end = clock.getAsLong() + SLICE_NANOS;
        Runnable task = tasks.poll();
        for (int done = 1; task != null; done++) {
            run(task);
            task = done < SLICE_TASKS && clock.getAsLong() - end < 0 ? tasks.poll() : null;
        }
        // Also if nothing is left: what comes meanwhile is the next slice's.
        loop.schedule(this::slice, PAUSE_NANOS, TimeUnit.NANOSECONDS);
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            // Also an Error: those behind it must have their turn.
            LOGGER.warn("a handler threw during a drain", e);
        }
    }

    private void expectTick() {
        if (ticking) {
            long due = clock.getAsLong() + TICK_NANOS;
            loop.schedule(() -> tick(due), TICK_NANOS, TimeUnit.NANOSECONDS);
        }
    }

    // One event loop writes.
    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void tick(long due) {
        longestStall = Math.max(longestStall, clock.getAsLong() - due);
        expectTick();
    }
}
