package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import io.closenotify.quic.LingeringEntries;
import io.closenotify.quic.QuicLingerHandler;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownPolicy;
import io.netty.channel.Channel;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.incubator.codec.quic.QuicChannel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jol.info.GraphLayout;

/**
 * The memory of a closed QUIC connection that is still answered for, beside that of an open idle one of the stock
 * codec. An open connection is mostly native memory, told by the resident set, which makes sense only if the heap is
 * resident from the start; Linux only. A closed one is heap alone.
 *
 * <p>The closed connections are closed for real, by a server whose policy keeps the entries for an hour after the
 * closing period ({@link QuicShutdownPolicy#statelessReset}). The large number of them is made without connections; so
 * is the entry that is taken to pieces.
 *
 * <p>{@code java -Xms512m -Xmx512m -XX:+AlwaysPreTouch -Djol.skipDynamicAttach=true
 * -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.QuicLingerFootprint [connections [entries]]}
 */
public final class QuicLingerFootprint {

    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(10);
    private static final int WARM_UP = 200;
    private static final int COLLECTIONS = 3;
    private static final int DEADLINE_SECONDS = 60;
    private static final QuicShutdownPolicy KEPT = QuicLoopback.closing(
            QuicShutdownPolicy.compliant().toBuilder().statelessReset(Duration.ofHours(1)).build());

    private QuicLingerFootprint() {
    }

    /**
     * What one of many occupies.
     *
     * @param what what was measured
     * @param count how many there were
     * @param heapBytes the difference in heap, by each
     * @param nativeBytes the difference in resident memory, by each; negative if not measured
     */
    public record Footprint(String what, int count, double heapBytes, double nativeBytes) {

        private String total() {
            return String.format(Locale.ROOT, "%.1f MB", (heapBytes + Math.max(0, nativeBytes)) * count / 1e6);
        }

        private String resident() {
            return nativeBytes < 0 ? "" : String.format(Locale.ROOT, "%.0f", nativeBytes);
        }
    }

    private record Memory(long heap, long resident) {

        static Memory now() throws IOException {
            for (int i = 0; i < COLLECTIONS; i++) {
                ManagementFactory.getMemoryMXBean().gc();
                // The codec's connections have finalizers, which keep them in memory until they have run.
                System.runFinalization();
            }
            return new Memory(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(), residentNow());
        }

        private static long residentNow() throws IOException {
            Path status = Path.of("/proc/self/status");
            if (!Files.isReadable(status)) {
                return 0;
            }
            return Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst().orElse(0);
        }

        Footprint since(Memory before, String what, int count, boolean resident) {
            return new Footprint(what, count, (double) (heap - before.heap) / count,
                    resident && before.resident > 0 ? (double) (this.resident - before.resident) / count : -1);
        }
    }

    /**
     * Prints an entry's layout, and a table.
     *
     * @param arguments the number of connections, 2,000 by default, and of entries made without one, 100,000 by default
     */
    public static void main(String[] arguments) throws Exception {
        int connections = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 2_000;
        int entries = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 100_000;
        idle(WARM_UP);
        lingering(WARM_UP);
        List<Footprint> rows = new ArrayList<>();
        rows.add(idle(connections));
        rows.add(lingering(connections));
        int ids = idsOfAConnection();
        rows.add(made(entries, ids));
        System.out.println(layout(ids));
        System.out.println(AsciiTable.getTable(rows, List.of(
                new Column().header("").dataAlign(HorizontalAlign.LEFT).with(Footprint::what),
                new Column().header("number").with(row -> Integer.toString(row.count)),
                new Column().header("heap bytes each").with(row -> String.format(Locale.ROOT, "%.0f", row.heapBytes)),
                new Column().header("resident bytes each").with(Footprint::resident),
                new Column().header("all").with(Footprint::total))));
    }

    /**
     * Measures open idle connections of the stock codec.
     *
     * @param connections how many; each has two ends here
     * @return what one end occupies
     */
    public static Footprint idle(int connections) throws Exception {
        try (QuicLoopback loopback = new QuicLoopback(1, IDLE_TIMEOUT, null, peer -> { })) {
            Channel client = loopback.bindClient();
            loopback.connect(client, 1, null);
            Memory before = Memory.now();
            List<QuicChannel> open = loopback.connect(client, connections, null).clients();
            Footprint footprint =
                    Memory.now().since(before, "open idle connection, stock codec, one end", 2 * connections, true);
            check(open.stream().allMatch(QuicChannel::isActive), "no longer open", open.size());
            return footprint;
        }
    }

    /**
     * Measures connections that a server has closed.
     *
     * @param connections how many
     * @return what one occupies at the server
     */
    public static Footprint lingering(int connections) throws Exception {
        try (QuicLoopback loopback = new QuicLoopback(1, IDLE_TIMEOUT, KEPT, peer -> { })) {
            Channel client = loopback.bindClient();
            closeByServer(loopback, client, 1);
            Memory before = Memory.now();
            QuicLingerHandler handler = closeByServer(loopback, client, connections);
            Memory after = Memory.now();
            check(LingeringEntries.count(handler) == connections + 1, "entries", LingeringEntries.count(handler));
            return after.since(before, "closed connection that lingers", connections, false);
        }
    }

    /** Returns when both ends of all are closed. */
    private static QuicLingerHandler closeByServer(QuicLoopback loopback, Channel client, int count)
            throws InterruptedException {
        QuicLoopback.Connections connections = loopback.connect(client, count, null);
        for (QuicPeer peer : connections.peers()) {
            peer.channel().pipeline().get(QuicShutdownHandler.class).shutdown();
        }
        for (QuicChannel closing : connections.clients()) {
            loopback.takeEnded();
            QuicLoopback.await(closing.closeFuture());
        }
        return QuicLingerHandler.of(connections.peers().get(0).channel().parent());
    }

    private static int idsOfAConnection() throws Exception {
        try (QuicLoopback loopback = new QuicLoopback(1, IDLE_TIMEOUT, null, peer -> { })) {
            QuicChannel server = loopback.connect(loopback.bindClient(), 1, null).peers().get(0).channel();
            return QuicLoopback.await(server.eventLoop().submit(() -> LingeringEntries.idsOf(server)));
        }
    }

    /**
     * Measures entries that were made without a connection.
     *
     * @param entries how many
     * @param ids how many connection ids each has
     * @return what one occupies
     */
    public static Footprint made(int entries, int ids) throws Exception {
        EventLoop loop = new DefaultEventLoop();
        try {
            Memory before = Memory.now();
            LingeringEntries table =
                    QuicLoopback.await(loop.submit(() -> LingeringEntries.create(loop, entries, ids)));
            Footprint footprint = Memory.now().since(before, "lingering entry, made without a connection", entries,
                    false);
            check(table.count() == entries, "entries", table.count());
            QuicLoopback.await(loop.submit(table::clear));
            return footprint;
        } finally {
            loop.shutdownGracefully(0, DEADLINE_SECONDS, TimeUnit.SECONDS)
                    .awaitUninterruptibly(DEADLINE_SECONDS, TimeUnit.SECONDS);
        }
    }

    /**
     * Takes an entry to pieces, without its share of the table.
     *
     * @param ids how many connection ids it has
     * @return the number and size of the objects by class
     */
    public static String layout(int ids) throws Exception {
        EventLoop loop = new DefaultEventLoop();
        try {
            Object sample = QuicLoopback.await(loop.submit(() -> LingeringEntries.create(loop, 0, ids))).sample();
            return GraphLayout.parseInstance(sample).toFootprint();
        } finally {
            loop.shutdownGracefully(0, DEADLINE_SECONDS, TimeUnit.SECONDS)
                    .awaitUninterruptibly(DEADLINE_SECONDS, TimeUnit.SECONDS);
        }
    }
}
