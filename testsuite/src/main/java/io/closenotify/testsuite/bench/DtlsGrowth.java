package io.closenotify.testsuite.bench;

import io.closenotify.testsuite.report.Figures;
import io.closenotify.testsuite.report.Section;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * This library's DTLS server beside Scandium's, each in a JVM of its own, with more and more connections: handshakes
 * and closes a second, and the heap of a connection that is established, and of one that both ends have closed. Ours
 * lingers then, for an hour here; Scandium keeps it to resume its session.
 */
final class DtlsGrowth {

    private static final int WARM_UP = 400;
    private static final Duration LINGER = Duration.ofHours(1);

    private DtlsGrowth() {
    }

    /**
     * One turn of one server.
     *
     * @param handshakes a second
     * @param closes a second, until the client has the answer
     * @param established bytes of heap of an established connection
     * @param closed bytes of heap of one that was closed
     */
    record Turn(double handshakes, double closes, double established, double closed) {
    }

    /** What is told of a turn. */
    private enum Quantity {

        HANDSHAKES("handshakes a second", "1/s", Turn::handshakes),
        CLOSES("closes a second", "1/s", Turn::closes),
        ESTABLISHED("heap of an established peer", "B", Turn::established),
        CLOSED("heap of a closed peer", "B", Turn::closed);

        private final String what;
        private final String unit;
        @SuppressWarnings("ImmutableEnumChecker")
        private final ToDoubleFunction<Turn> figure;

        Quantity(String what, String unit, ToDoubleFunction<Turn> figure) {
            this.what = what;
            this.unit = unit;
            this.figure = figure;
        }
    }

    static Section measure(Effort effort) throws Exception {
        Figures figures = new Figures();
        Map<Quantity, Growth> growth = new EnumMap<>(Quantity.class);
        try (ServerProcess ours = new ServerProcess(DtlsServer.CLOSENOTIFY, LINGER);
                ServerProcess scandium = new ServerProcess(DtlsServer.SCANDIUM, LINGER);
                DtlsLoad load = new DtlsLoad()) {
            turn(scandium, load, effort.of(WARM_UP, 2));
            turn(ours, load, effort.of(WARM_UP, 2));
            for (Map.Entry<Integer, Integer> size : Growth.sizes(effort).entrySet()) {
                String prefix = Growth.connections(size.getKey());
                for (int turn = 0; turn < size.getValue(); turn++) {
                    Turn other = turn(scandium, load, size.getKey());
                    Turn own = turn(ours, load, size.getKey());
                    for (Quantity quantity : Quantity.values()) {
                        figures.other(prefix + quantity.what, quantity.unit, quantity.figure.applyAsDouble(other));
                        figures.ours(prefix + quantity.what, quantity.unit, quantity.figure.applyAsDouble(own));
                    }
                }
                for (Quantity quantity : Quantity.values()) {
                    growth.computeIfAbsent(quantity, key -> new Growth())
                            .add("Scandium", "Closenotify", size.getKey(), figures.of(prefix + quantity.what));
                }
            }
        }
        return new Section("""
                Clients of the JDK's engine, on a socket and with a full handshake each, eight threads of them, \
                against a server in a JVM of its own. The rates count the client's work, too. An established peer \
                has sent a message there and back; a closed one has exchanged close_notify: Closenotify lingers then \
                (an hour here, so that all are there to be counted), Scandium keeps the connection to resume its \
                session.""",
                "Scandium", figures.measurements(),
                growth.entrySet().stream()
                        .map(each -> each.getValue().plot("DTLS " + each.getKey().what,
                                each.getKey().unit.equals("B") ? "bytes" : each.getKey().what))
                        .toList());
    }

    static Turn turn(ServerProcess server, DtlsLoad load, int connections) throws Exception {
        ByteBuffer message = ByteBuffer.allocate(1);
        List<DtlsPeer> peers = DtlsLoad.open(server.address(), connections);
        try {
            long before = server.liveBytes();
            double handshakes = rate(load, peers, DtlsPeer::handshake);
            load.each(peers, peer -> peer.roundTrip(message));
            long established = server.liveBytes();
            double closes = rate(load, peers, DtlsPeer::closeNotify);
            long closed = server.liveBytes();
            return new Turn(handshakes, closes,
                    (double) (established - before) / connections, (double) (closed - before) / connections);
        } finally {
            peers.forEach(DtlsPeer::close);
        }
    }

    private static double rate(DtlsLoad load, List<DtlsPeer> peers, DtlsLoad.Step step) throws Exception {
        long start = System.nanoTime();
        load.each(peers, step);
        return (double) peers.size() * TimeUnit.SECONDS.toNanos(1) / (System.nanoTime() - start);
    }
}
