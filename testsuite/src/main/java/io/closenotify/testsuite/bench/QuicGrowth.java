package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;

import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testsuite.report.Figures;
import io.closenotify.testsuite.report.Section;
import io.netty.channel.Channel;
import io.netty.incubator.codec.quic.QuicChannel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client closes many idle QUIC connections at once, with a code and a reason. */
final class QuicGrowth {

    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(10);
    private static final int WARM_UP = 300;
    private static final String CLOSES = "closes a second";
    private static final String TOLD = "peers told a second";
    private static final String ALL_TOLD = "share of the peers that were told";
    private static final String TIMERS = "timers a close";

    private QuicGrowth() {
    }

    /**
     * One turn.
     *
     * @param closesPerSecond until the last of the close futures
     * @param toldPerSecond until the last peer that got code and reason
     * @param told the share of the peers that got them
     * @param timers given to the client's event loop, by each close, until its future
     */
    record Turn(double closesPerSecond, double toldPerSecond, double told, double timers) {
    }

    static Section measure(Effort effort) throws Exception {
        List<QuicShutdownMode> modes = List.of(QuicShutdownMode.COMPLIANT, QuicShutdownMode.RAPID);
        Figures figures = new Figures();
        Growth growth = new Growth();
        turn(null, effort.of(WARM_UP, 2));
        for (QuicShutdownMode mode : modes) {
            turn(QuicShutdownPolicy.of(mode), effort.of(WARM_UP, 2));
        }
        for (Map.Entry<Integer, Integer> size : Growth.sizes(effort).entrySet()) {
            int connections = size.getKey();
            for (int turn = 0; turn < size.getValue(); turn++) {
                Turn stock = turn(null, connections);
                for (QuicShutdownMode mode : modes) {
                    Turn ours = turn(QuicShutdownPolicy.of(mode), connections);
                    add(figures, name(connections, CLOSES, mode), "1/s", stock.closesPerSecond, ours.closesPerSecond);
                    add(figures, name(connections, TOLD, mode), "1/s", stock.toldPerSecond, ours.toldPerSecond);
                    add(figures, name(connections, ALL_TOLD, mode), "", stock.told, ours.told);
                    add(figures, name(connections, TIMERS, mode), "", stock.timers, ours.timers);
                }
            }
            modes.forEach(mode -> growth.add(Section.STOCK, "Closenotify, " + mode, connections,
                    figures.of(name(connections, TOLD, mode))));
        }
        return new Section("""
                A client closes all its idle connections at once, by `close(true, 7, "bye")`; both ends have the \
                same pipeline. The codec's own close future is done before the datagram has left; Closenotify's when \
                it is on the wire, and `COMPLIANT` first has to see everything acknowledged. So compare how fast the \
                peers are told. The datagram of a close is not repeated for an idle peer, and ten thousand at once \
                may overrun its socket's buffer: hence the share that were told. Timers are those that the client's \
                event loop was given until the last future, the codec's own included.""",
                Section.STOCK, figures.measurements(), List.of(growth.plot("QUIC closes a second", TOLD)));
    }

    private static void add(Figures figures, String what, String unit, double stock, double ours) {
        figures.other(what, unit, stock);
        figures.ours(what, unit, ours);
    }

    private static String name(int connections, String what, QuicShutdownMode mode) {
        return Growth.connections(connections) + what + ", " + mode;
    }

    static Turn turn(@Nullable QuicShutdownPolicy policy, int connections) throws Exception {
        try (QuicLoopback loopback = new QuicLoopback(2, IDLE_TIMEOUT, policy, peer -> { })) {
            Channel client = loopback.bindClient();
            List<QuicChannel> open = loopback.connect(client, connections, policy).clients();
            QuicLoopback.awaitSettled(client);
            long timers = QuicLoopback.await(client.eventLoop().submit(() -> Timers.givenTo(client.eventLoop())));
            long start = System.nanoTime();
            QuicLoopback.closeAll(client, open);
            long closed = System.nanoTime();
            timers = QuicLoopback.await(client.eventLoop().submit(() -> Timers.givenTo(client.eventLoop()))) - timers;
            int told = 0;
            long lastTold = start;
            while (told < connections) {
                QuicPeer peer = loopback.pollTold();
                if (peer == null) {
                    break;
                }
                told++;
                lastTold = Math.max(lastTold, peer.toldAt());
            }
            check(told > 0, "peers that were told", told);
            return new Turn(perSecond(connections, closed - start), perSecond(told, lastTold - start),
                    (double) told / connections, (double) timers / connections);
        }
    }

    private static double perSecond(int number, long nanos) {
        return (double) number * TimeUnit.SECONDS.toNanos(1) / nanos;
    }
}
