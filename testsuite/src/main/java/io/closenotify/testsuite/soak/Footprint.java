package io.closenotify.testsuite.soak;

import com.sun.management.UnixOperatingSystemMXBean;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.AbstractScheduledEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * What the process holds while no connection is there.
 *
 * @param heap bytes of live objects
 * @param pinned bytes of pooled buffers that somebody has not released
 * @param pool bytes of memory that the pool keeps
 * @param resident bytes of the resident set; 0 where {@code /proc} does not tell, or the heap may grow by itself
 * @param files open files, sockets included; 0 where the system does not tell
 * @param threads threads
 * @param timers tasks that the event loops have still scheduled
 */
record Footprint(long heap, long pinned, long pool, long resident, long files, long threads, long timers) {

    private static final int COLLECTIONS = 3;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);
    private static final int LOOKS = 200;
    private static final long MIB = 1 << 20;

    /** Relays end their threads a moment after they are closed, and the DTLS pool's live for a minute. */
    private static final int THREADS_THAT_COME_AND_GO = 16;

    static Footprint of(EventLoopGroup loops) throws Exception {
        // What a close has cancelled leaves the loops' queues on their own time.
        long timers = timers(loops);
        for (int look = 0; timers > 0 && look < LOOKS; look++) {
            Waiting.atMost(new CompletableFuture<>(), LOOK_AGAIN);
            timers = timers(loops);
        }
        for (int i = 0; i < COLLECTIONS; i++) {
            ManagementFactory.getMemoryMXBean().gc();
            // The QUIC codec's connections have finalizers, which keep them in memory until they have run.
            System.runFinalization();
        }
        return new Footprint(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                pinnedNow(),
                PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory(), residentNow(),
                ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                        ? system.getOpenFileDescriptorCount() : 0,
                ManagementFactory.getThreadMXBean().getThreadCount(), timers);
    }

    static long pinnedNow() {
        return PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() + PooledByteBufAllocator.DEFAULT.pinnedHeapMemory();
    }

    private static long timers(EventLoopGroup loops) throws Exception {
        // The queue is not public, and on the class path nothing keeps it from being looked at.
        Method queue = AbstractScheduledEventExecutor.class.getDeclaredMethod("scheduledTaskQueue");
        queue.setAccessible(true);
        long timers = 0;
        for (EventExecutor loop : loops) {
            timers += Waiting.until(loop.submit(() -> ((Collection<?>) queue.invoke(loop)).size()), "an event loop");
        }
        return timers;
    }

    private static long residentNow() throws IOException {
        Path status = Path.of("/proc/self/status");
        MemoryUsage memory = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        if (!Files.isReadable(status) || memory.getInit() != memory.getMax()) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst().orElse(0);
    }

    /**
     * Compares with an earlier one, taken after the same kind of work.
     *
     * @return what has grown
     */
    List<String> grownSince(Footprint before) {
        return Stream.of(
                // Caches of classes, methods and locales; a leak of one connection's kilobytes would be many MiB.
                grown("live heap", before.heap, heap, before.heap / 10 + 4 * MIB),
                // A thread of a relay that has just ended may have a chunk more of an arena that it had to itself.
                grown("pooled memory", before.pool, pool, 32 * MIB),
                // The code cache, and the C library's arenas.
                grown("resident set", before.resident, resident, before.resident / 5 + 64 * MIB),
                // Jars that are opened.
                grown("open files", before.files, files, 4),
                grown("threads", before.threads, threads, THREADS_THAT_COME_AND_GO)).flatMap(List::stream).toList();
    }

    private static List<String> grown(String what, long before, long now, long tolerance) {
        return now <= before + tolerance ? List.of() : List.of(what + " grew from " + before + " to " + now);
    }

    /**
     * What must not be there at all.
     *
     * @param pinnedByOthers what was not released before the first connection
     */
    List<String> leftBehind(long pinnedByOthers) {
        return Stream.of(grown("buffers not released, bytes", pinnedByOthers, pinned, 0),
                grown("timers left", 0, timers, 0))
                .flatMap(List::stream).toList();
    }
}
