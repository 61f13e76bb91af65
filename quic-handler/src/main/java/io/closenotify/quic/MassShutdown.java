package io.closenotify.quic;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Shuts all connections of one UDP channel down. Event loop only. */
final class MassShutdown {

    /** Those of one instant are started in groups, so that the loop serves others in between. */
    private static final int GROUP = 64;

    private static final long SMALLEST_PAUSE_NANOS = 1_000_000;

    private final EventLoop loop;
    private final List<QuicShutdownHandler> connections;
    private final Promise<Integer> failed;
    private int open;
    private int failures;

    MassShutdown(EventLoop loop, Collection<QuicShutdownHandler> connections, Promise<Integer> failed) {
        this.loop = loop;
        this.connections = List.copyOf(connections);
        this.failed = failed;
        open = this.connections.size();
    }

    /** Starts the shutdowns, evenly over a time. */
    void start(Duration spread) {
        if (connections.isEmpty()) {
            failed.trySuccess(0);
        } else {
            startFrom(0, spread.toNanos() / connections.size());
        }
    }

    private void startFrom(int first, long interval) {
        long due = interval == 0 ? GROUP : Math.max(1, SMALLEST_PAUSE_NANOS / interval);
        int end = (int) Math.min(connections.size(), first + due);
        for (QuicShutdownHandler connection : connections.subList(first, end)) {
            count(connection.shutdown());
        }
        if (end < connections.size()) {
            loop.schedule(() -> startFrom(end, interval), (end - first) * interval, TimeUnit.NANOSECONDS);
        }
    }

    /** Tells all peers at once, without waiting for what is pending; completes at the deadline at the latest. */
    void tellNow(Duration deadline) {
        for (QuicShutdownHandler connection : connections) {
            count(connection.tellNow());
        }
        if (connections.isEmpty()) {
            failed.trySuccess(0);
        }
        if (!failed.isDone()) {
            var timer = loop.schedule(() -> failed.trySuccess(failures + open),
                    deadline.toNanos(), TimeUnit.NANOSECONDS);
            failed.addListener(unused -> timer.cancel(false));
        }
    }

    private void count(QuicShutdownFuture future) {
        future.addListener(done -> {
            if (!done.isSuccess()) {
                failures++;
            }
            if (--open == 0) {
                failed.trySuccess(failures);
            }
        });
    }
}
