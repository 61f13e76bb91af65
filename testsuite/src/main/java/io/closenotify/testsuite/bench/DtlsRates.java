package io.closenotify.testsuite.bench;

import io.closenotify.testsuite.report.Measurement;
import io.closenotify.testsuite.report.Section;
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
 * processor time and allocation are the server's alone. No round begins after a minute.
 *
 * <p>A close counts all that the server does about it: it is let linger to its end, for a moment here.
 */
final class DtlsRates {

    private static final int WARM_UP_ROUNDS = 3;
    private static final int CONNECTIONS = 400;
    private static final int MESSAGES = 10_000;
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

        private Measurement measurement(String what, String unit, ToDoubleFunction<Figures> figure) {
            String name = operation.name().toLowerCase(Locale.ROOT).replace('_', ' ') + "s " + what;
            return new Measurement(
                    name, unit, of(DtlsServer.SCANDIUM, figure), of(DtlsServer.CLOSENOTIFY, figure), null);
        }

        private List<Double> of(DtlsServer server, ToDoubleFunction<Figures> figure) {
            return rounds.getOrDefault(server, List.of()).stream().map(figure::applyAsDouble).toList();
        }
    }

    /** One server under load. */
    private record Bench(ServerProcess server, DtlsLoad load, int connections, int messages) {

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

            private final ServerProcess.Spent before = server.spent();
            private final long start = System.nanoTime();
            private long nanos;

            Meter() throws Exception {
            }

            Meter stop() {
                nanos = System.nanoTime() - start;
                return this;
            }

            Figures figures(int operations) throws Exception {
                ServerProcess.Spent after = server.spent();
                return new Figures((double) operations * TimeUnit.SECONDS.toNanos(1) / nanos,
                        (after.cpuNanos() - before.cpuNanos()) / 1e3 / operations,
                        (double) (after.bytes() - before.bytes()) / operations);
            }
        }
    }

    static Section measure(Effort effort) throws Exception {
        List<Row> rows = run(effort.of(WARM_UP_ROUNDS, 0), effort.of(6, 2), effort.of(CONNECTIONS, 3),
                effort.of(MESSAGES, 10));
        List<Measurement> measurements = new ArrayList<>();
        for (Row row : rows) {
            measurements.add(row.measurement("a second", "1/s", Figures::perSecond));
            measurements.add(row.measurement("server's processor time each", "µs", Figures::cpuMicros));
            measurements.add(row.measurement("server's allocation each", "B", Figures::bytes));
        }
        return new Section("""
                Full handshakes, round trips of a message of 256 bytes and closes, which the client begins; the \
                client is the JDK's engine for both, the servers have JVMs of their own. The rates count the \
                client's work, too; processor time and allocation are the server's alone. A close of ours counts its \
                linger.""",
                "Scandium", measurements, List.of());
    }

    static List<Row> run(int warmUp, int rounds, int connections, int messages) throws Exception {
        List<Row> rows = new ArrayList<>();
        for (Operation operation : Operation.values()) {
            rows.add(new Row(operation, new EnumMap<>(DtlsServer.class)));
        }
        try (ServerProcess ours = new ServerProcess(DtlsServer.CLOSENOTIFY, LINGER);
                ServerProcess scandium = new ServerProcess(DtlsServer.SCANDIUM, LINGER);
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
