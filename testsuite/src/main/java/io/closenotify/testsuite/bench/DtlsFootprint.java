package io.closenotify.testsuite.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * The heap that a peer costs this library's DTLS server and Scandium's, each in a JVM of its own: an established
 * connection that a message has gone there and back on, and one that both ends have closed. Ours lingers then, for an
 * hour here; Scandium keeps it to resume its session. The figures are medians over the rounds, which come by turns;
 * none begins after a minute.
 *
 * <p>{@code java -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.DtlsFootprint
 * [rounds [connections a round]]}
 */
public final class DtlsFootprint {

    private static final int WARM_UP = 200;
    private static final Duration LINGER = Duration.ofHours(1);
    private static final long LIMIT_NANOS = TimeUnit.MINUTES.toNanos(1);

    private DtlsFootprint() {
    }

    /**
     * One round.
     *
     * @param established bytes of heap of an established connection
     * @param closed bytes of heap of one that was closed
     */
    record Figures(double established, double closed) {
    }

    /**
     * Runs the rounds and prints a table.
     *
     * @param arguments rounds, 3 by default, and connections a round, 2,000 by default
     * @throws Exception if a server does not do as it should
     */
    public static void main(String[] arguments) throws Exception {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 3;
        int connections = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2_000;
        Map<DtlsServer, List<Figures>> figures = run(WARM_UP, rounds, connections);
        List<ToDoubleFunction<Figures>> rows = List.of(Figures::established, Figures::closed);
        System.out.println("Server's heap, bytes by each of " + connections + " connections");
        System.out.println(AsciiTable.getTable(rows, List.of(
                new Column().header("").dataAlign(HorizontalAlign.LEFT)
                        .with(row -> rows.indexOf(row) == 0 ? "established" : "closed by both ends"),
                new Column().header("Scandium").with(row -> median(figures, DtlsServer.SCANDIUM, row, "%.0f", 1)),
                new Column().header("closenotify").with(row -> median(figures, DtlsServer.CLOSENOTIFY, row, "%.0f", 1)),
                new Column().header("ratio").with(row -> median(figures, DtlsServer.CLOSENOTIFY, row, "%.2f",
                        median(figures, DtlsServer.SCANDIUM, row))))));
    }

    private static double median(
            Map<DtlsServer, List<Figures>> figures, DtlsServer server, ToDoubleFunction<Figures> figure) {
        return Medians.of(figures.getOrDefault(server, List.of()).stream().mapToDouble(figure));
    }

    private static String median(Map<DtlsServer, List<Figures>> figures, DtlsServer server,
            ToDoubleFunction<Figures> figure, String format, double unit) {
        return String.format(Locale.ROOT, format, median(figures, server, figure) / unit);
    }

    static Map<DtlsServer, List<Figures>> run(int warmUp, int rounds, int connections) throws Exception {
        Map<DtlsServer, List<Figures>> figures = new EnumMap<>(DtlsServer.class);
        try (DtlsServerProcess ours = new DtlsServerProcess(DtlsServer.CLOSENOTIFY, LINGER);
                DtlsServerProcess scandium = new DtlsServerProcess(DtlsServer.SCANDIUM, LINGER);
                DtlsLoad load = new DtlsLoad()) {
            Map<DtlsServer, DtlsServerProcess> servers = new EnumMap<>(DtlsServer.class);
            servers.put(DtlsServer.CLOSENOTIFY, ours);
            servers.put(DtlsServer.SCANDIUM, scandium);
            for (DtlsServerProcess server : servers.values()) {
                round(server, load, warmUp);
            }
            long start = System.nanoTime();
            for (int round = 0; round < rounds && (round == 0 || System.nanoTime() - start < LIMIT_NANOS); round++) {
                for (Map.Entry<DtlsServer, DtlsServerProcess> server : servers.entrySet()) {
                    figures.computeIfAbsent(server.getKey(), key -> new ArrayList<>())
                            .add(round(server.getValue(), load, connections));
                }
            }
        }
        return figures;
    }

    private static Figures round(DtlsServerProcess server, DtlsLoad load, int connections) throws Exception {
        ByteBuffer message = ByteBuffer.allocate(1);
        List<DtlsPeer> peers = DtlsLoad.open(server.address(), connections);
        try {
            long before = server.liveBytes();
            load.each(peers, peer -> {
                peer.handshake();
                peer.roundTrip(message);
            });
            long established = server.liveBytes();
            load.each(peers, DtlsPeer::closeNotify);
            long closed = server.liveBytes();
            return new Figures((double) (established - before) / connections, (double) (closed - before) / connections);
        } finally {
            peers.forEach(DtlsPeer::close);
        }
    }
}
