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
 * This library's DTLS server beside Scandium's, each in a JVM of its own under the same load by turns: full handshakes,
 * round trips of a message, and closes, which a client begins. Of a second's worth of them the client has its share;
 * processor time and allocation are the server's alone. The figures are medians over the rounds, of which none begins
 * after a minute.
 *
 * <p>A close counts all that the server does about it: it is let linger to its end, for a moment here.
 *
 * <pre>{@code
 * java -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.DtlsRates \
 *         [rounds [connections a round [messages a round]]]
 * }</pre>
 */
public final class DtlsRates {

    private static final int WARM_UP_ROUNDS = 4;
    private static final int MESSAGE = 256;
    private static final Duration LINGER = Duration.ofMillis(100);
    private static final long LIMIT_NANOS = TimeUnit.MINUTES.toNanos(1);

    private DtlsRates() {
    }

    /** What is measured. */
    enum Operation {

        HANDSHAKE, ROUND_TRIP, CLOSE
    }

    /**
     * One operation in one round.
     *
     * @param perSecond how many were done a second
     * @param cpuMicros processor time of the server for each
     * @param bytes allocated by the server for each
     */
    record Figures(double perSecond, double cpuMicros, double bytes) {
    }

    /** All rounds of one operation, by server. */
    record Row(Operation operation, Map<DtlsServer, List<Figures>> rounds) {

        List<Figures> of(DtlsServer server) {
            return rounds.getOrDefault(server, List.of());
        }

        double median(DtlsServer server, ToDoubleFunction<Figures> figure) {
            return Medians.of(of(server).stream().mapToDouble(figure));
        }

        String pair(ToDoubleFunction<Figures> figure) {
            return String.format(Locale.ROOT, "%.0f / %.0f",
                    median(DtlsServer.SCANDIUM, figure), median(DtlsServer.CLOSENOTIFY, figure));
        }

        String ratio(ToDoubleFunction<Figures> figure) {
            return String.format(Locale.ROOT, "%.2f",
                    median(DtlsServer.CLOSENOTIFY, figure) / median(DtlsServer.SCANDIUM, figure));
        }
    }

    /** One server under load. */
    private record Bench(DtlsServerProcess server, DtlsLoad load, int connections, int messages) {

        Map<Operation, Figures> round() throws Exception {
            Map<Operation, Figures> figures = new EnumMap<>(Operation.class);
            ByteBuffer message = ByteBuffer.allocate(MESSAGE);
            List<DtlsPeer> peers = DtlsLoad.open(server.address(), connections);
            try {
                Meter handshakes = new Meter();
                load.each(peers, DtlsPeer::handshake);
                figures.put(Operation.HANDSHAKE, handshakes.stop().figures(connections));

                load.each(peers, peer -> peer.roundTrip(message));
                List<DtlsPeer> few = peers.subList(0, Math.min(connections, DtlsLoad.THREADS));
                int each = Math.max(1, messages / few.size());
                Meter roundTrips = new Meter();
                load.each(few, peer -> {
                    for (int i = 0; i < each; i++) {
                        peer.roundTrip(message);
                    }
                });
                figures.put(Operation.ROUND_TRIP, roundTrips.stop().figures(each * few.size()));

                Meter closes = new Meter();
                load.each(peers, DtlsPeer::closeNotify);
                closes.stop();
                server.awaitLingerOver();
                figures.put(Operation.CLOSE, closes.figures(connections));
            } finally {
                peers.forEach(DtlsPeer::close);
            }
            return figures;
        }

        /** Runs when made. */
        private final class Meter {

            private final DtlsServerProcess.Spent before = server.spent();
            private final long start = System.nanoTime();
            private long nanos;

            Meter() throws Exception {
            }

            Meter stop() {
                nanos = System.nanoTime() - start;
                return this;
            }

            Figures figures(int operations) throws Exception {
                DtlsServerProcess.Spent after = server.spent();
                return new Figures((double) operations * TimeUnit.SECONDS.toNanos(1) / nanos,
                        (after.cpuNanos() - before.cpuNanos()) / 1e3 / operations,
                        (double) (after.bytes() - before.bytes()) / operations);
            }
        }
    }

    /**
     * Runs the rounds and prints a table.
     *
     * @param arguments rounds, 9 by default, connections a round, 400 by default, and messages a round, 10,000 by
     *     default
     * @throws Exception if a server does not do as it should
     */
    public static void main(String[] arguments) throws Exception {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 9;
        int connections = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 400;
        int messages = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 10_000;
        List<Row> rows = run(WARM_UP_ROUNDS, rounds, connections, messages);
        System.out.println("Scandium / closenotify, and the ratio closenotify to Scandium; rounds: "
                + rows.get(0).of(DtlsServer.CLOSENOTIFY).size());
        System.out.println(AsciiTable.getTable(rows, List.of(
                new Column().header("").dataAlign(HorizontalAlign.LEFT).with(row -> row.operation().name()),
                new Column().header("a second").with(row -> row.pair(Figures::perSecond)),
                new Column().header("ratio").with(row -> row.ratio(Figures::perSecond)),
                new Column().header("server's CPU us").with(row -> row.pair(Figures::cpuMicros)),
                new Column().header("ratio").with(row -> row.ratio(Figures::cpuMicros)),
                new Column().header("server's B").with(row -> row.pair(Figures::bytes)),
                new Column().header("ratio").with(row -> row.ratio(Figures::bytes)))));
    }

    static List<Row> run(int warmUp, int rounds, int connections, int messages) throws Exception {
        List<Row> rows = new ArrayList<>();
        for (Operation operation : Operation.values()) {
            rows.add(new Row(operation, new EnumMap<>(DtlsServer.class)));
        }
        try (DtlsServerProcess ours = new DtlsServerProcess(DtlsServer.CLOSENOTIFY, LINGER);
                DtlsServerProcess scandium = new DtlsServerProcess(DtlsServer.SCANDIUM, LINGER);
                DtlsLoad load = new DtlsLoad()) {
            Map<DtlsServer, Bench> benches = new EnumMap<>(DtlsServer.class);
            benches.put(DtlsServer.CLOSENOTIFY, new Bench(ours, load, connections, messages));
            benches.put(DtlsServer.SCANDIUM, new Bench(scandium, load, connections, messages));
            long start = System.nanoTime();
            for (int round = -warmUp; isDue(round, rounds, start); round++) {
                for (Map.Entry<DtlsServer, Bench> bench : benches.entrySet()) {
                    Map<Operation, Figures> figures = bench.getValue().round();
                    if (round >= 0) {
                        rows.forEach(row -> row.rounds()
                                .computeIfAbsent(bench.getKey(), server -> new ArrayList<>())
                                .add(figures.get(row.operation())));
                    }
                }
            }
        }
        return rows;
    }

    private static boolean isDue(int round, int rounds, long start) {
        return round <= 0 || (round < rounds && System.nanoTime() - start < LIMIT_NANOS);
    }
}
