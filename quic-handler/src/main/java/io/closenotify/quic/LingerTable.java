package io.closenotify.quic;

import io.netty.channel.EventLoop;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The closed connections of one UDP channel that are still answered for: one small entry each, and one timer in all.
 * Event loop only.
 */
final class LingerTable {

    /** By Netty's own factor, one half, the map would be a third of all memory. */
    private static final float LOAD_FACTOR = 0.75f;

    private final LongObjectMap<LingerEntry> byKey =
            new LongObjectHashMap<>(LongObjectHashMap.DEFAULT_CAPACITY, LOAD_FACTOR);
    private final PriorityQueue<LingerEntry> byTime =
            new PriorityQueue<>(Comparator.comparingLong(LingerEntry::nextEvent));
    private final EventLoop loop;
    private final LongSupplier clock;
    private final Consumer<LingerEntry> copies;
    private final Runnable idle;
    private @Nullable ScheduledFuture<?> timer;
    private long timerAt;
    private int accepted;

    /**
     * Creates a table.
     *
     * @param loop whose timer is used
     * @param clock the time in nanoseconds
     * @param copies sends a copy of an entry's datagram
     * @param idle called when time has taken the last entry of a connection that was accepted
     */
    LingerTable(EventLoop loop, LongSupplier clock, Consumer<LingerEntry> copies, Runnable idle) {
        this.loop = loop;
        this.clock = clock;
        this.copies = copies;
        this.idle = idle;
    }

    boolean isEmpty() {
        return byTime.isEmpty();
    }

    /** Whether there is none of a connection that was accepted. */
    boolean isIdle() {
        return accepted == 0;
    }

    int size() {
        return byTime.size();
    }

    @Nullable LingerEntry get(long key) {
        return byKey.get(key);
    }

    void add(LingerEntry entry) {
        for (long key : entry.keys()) {
            byKey.put(key, entry);
        }
        byTime.add(entry);
        accepted += entry.isOfRefused() ? 0 : 1;
        entry.started();
        arm();
    }

    /** Forgets everything. */
    void clear() {
        byKey.clear();
        byTime.forEach(LingerEntry::ended);
        byTime.clear();
        accepted = 0;
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void arm() {
        LingerEntry first = byTime.peek();
        if (first == null || (timer != null && timerAt - first.nextEvent() <= 0)) {
            return;
        }
        if (timer != null) {
            timer.cancel(false);
        }
        timerAt = first.nextEvent();
        timer = loop.schedule(this::expire, timerAt - clock.getAsLong(), TimeUnit.NANOSECONDS);
    }

    private void expire() {
        timer = null;
        long now = clock.getAsLong();
        int acceptedBefore = accepted;
        for (LingerEntry first = byTime.peek(); first != null && first.nextEvent() - now <= 0; first = byTime.peek()) {
            byTime.poll();
            if (first.isForgotten(now)) {
                forget(first);
            } else {
                if (first.copyDue(now)) {
                    copies.accept(first);
                }
                byTime.add(first);
            }
        }
        arm();
        if (accepted == 0 && acceptedBefore > 0) {
            idle.run();
        }
    }

    private void forget(LingerEntry entry) {
        for (long key : entry.keys()) {
            if (byKey.get(key) == entry) {
                byKey.remove(key);
            }
        }
        accepted -= entry.isOfRefused() ? 0 : 1;
        entry.ended();
    }
}
