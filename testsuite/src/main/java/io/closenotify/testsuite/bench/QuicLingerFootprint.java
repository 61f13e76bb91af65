package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;

import io.closenotify.quic.LingeringEntries;
import io.closenotify.quic.QuicLingerHandler;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testsuite.report.Figures;
import io.closenotify.testsuite.report.Goal;
import io.closenotify.testsuite.report.Section;
import io.netty.channel.Channel;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.incubator.codec.quic.QuicChannel;
import java.time.Duration;
import java.util.List;
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
 */
final class QuicLingerFootprint {

    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(10);
    private static final int WARM_UP = 200;
    private static final int CONNECTIONS = 2_000;
    private static final int TURNS = 3;
    private static final int GOAL_BYTES = 300;
    private static final String HEAP = "heap of a closed connection";
    private static final String NATIVE = "native memory of a closed connection";
    private static final String WITHOUT_DATAGRAM = "heap of a closed connection, without its datagram";
    private static final int DEADLINE_SECONDS = 60;
    private static final QuicShutdownPolicy KEPT = QuicLoopback.closing(
            QuicShutdownPolicy.compliant().toBuilder().statelessReset(Duration.ofHours(1)).build());

    private QuicLingerFootprint() {
    }

    /**
     * What one of many occupies.
     *
     * @param count how many there were
     * @param heapBytes the difference in heap, by each
     * @param nativeBytes the difference in resident memory, by each; negative if not measured
     */
    record Footprint(int count, double heapBytes, double nativeBytes) {
    }

    private static Footprint since(Memory before, Memory after, int count, boolean resident) {
        return new Footprint(count, (double) (after.heap() - before.heap()) / count,
                resident && before.resident() > 0 ? (double) (after.resident() - before.resident()) / count : -1);
    }

    static Section measure(Effort effort) throws Exception {
        idle(effort.of(WARM_UP, 2));
        lingering(effort.of(WARM_UP, 2));
        Figures figures = new Figures();
        int connections = effort.of(CONNECTIONS, 20);
        int ids = idsOfAConnection();
        int datagram = LingeringEntries.DATAGRAM_LENGTH;
        for (int turn = 0; turn < effort.of(TURNS, 1); turn++) {
            Footprint idle = idle(connections);
            Footprint closed = lingering(connections);
            figures.other(HEAP, "B", idle.heapBytes);
            figures.ours(HEAP, "B", closed.heapBytes);
            if (idle.nativeBytes > 0) {
                figures.other(NATIVE, "B", idle.nativeBytes);
                figures.ours(NATIVE, "B", 0);
            }
            figures.ours(WITHOUT_DATAGRAM, "B", closed.heapBytes - datagram);
            figures.goal(WITHOUT_DATAGRAM, Goal.Kind.AT_MOST, GOAL_BYTES);
        }
        Growth growth = new Growth();
        made(effort.of(WARM_UP, 2), ids);
        for (int entries : effort.of(List.of(100, 1_000, 10_000, 100_000), List.of(100, 1_000))) {
            String what = Growth.connections(entries) + "heap of an entry, made without a connection";
            for (int turn = 0; turn < effort.of(TURNS, 1); turn++) {
                figures.ours(what, "B", made(entries, ids).heapBytes);
            }
            growth.add("Closenotify", entries, figures.of(what).ofOurs());
        }
        return new Section("""
                A connection that was closed must be answered for, for three probe timeouts. The stock codec keeps \
                the whole connection for it, mostly native memory: its figures are those of an open idle one, one \
                end, the native ones by the resident set. Closenotify keeps an entry with the datagram (%d bytes) in \
                a table; all that it takes is counted, its share of the table included. `heap of an entry` are \
                entries that were made without a connection, to see how the table grows; few of them are lost in \
                what else the heap holds. The objects of one entry:

                ```
                %s
                ```""".formatted(datagram, layout(ids).strip()),
                Section.STOCK, figures.measurements(),
                List.of(growth.plot("QUIC lingering memory", "bytes an entry")));
    }

    /**
     * Measures open idle connections of the stock codec.
     *
     * @param connections how many; each has two ends here
     * @return what one end occupies
     */
    static Footprint idle(int connections) throws Exception {
        try (QuicLoopback loopback = new QuicLoopback(1, IDLE_TIMEOUT, null, peer -> { })) {
            Channel client = loopback.bindClient();
            loopback.connect(client, 1, null);
            Memory before = Memory.now();
            List<QuicChannel> open = loopback.connect(client, connections, null).clients();
            Footprint footprint =
                    since(before, Memory.now(), 2 * connections, true);
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
    static Footprint lingering(int connections) throws Exception {
        try (QuicLoopback loopback = new QuicLoopback(1, IDLE_TIMEOUT, KEPT, peer -> { })) {
            Channel client = loopback.bindClient();
            closeByServer(loopback, client, 1);
            Memory before = Memory.now();
            QuicLingerHandler handler = closeByServer(loopback, client, connections);
            Memory after = Memory.now();
            check(LingeringEntries.count(handler) == connections + 1, "entries", LingeringEntries.count(handler));
            return since(before, after, connections, false);
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
    static Footprint made(int entries, int ids) throws Exception {
        EventLoop loop = new DefaultEventLoop();
        try {
            Memory before = Memory.now();
            LingeringEntries table =
                    QuicLoopback.await(loop.submit(() -> LingeringEntries.create(loop, entries, ids)));
            Footprint footprint = since(before, Memory.now(), entries, false);
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
    static String layout(int ids) throws Exception {
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
