package io.closenotify.testsuite.bench;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.testsuite.report.Figures;
import io.closenotify.testsuite.report.Goal;
import io.closenotify.testsuite.report.Section;
import io.netty.handler.ssl.SslProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.openjdk.jol.info.GraphLayout;

/**
 * What this library adds to an idle TLS connection, object by object: the graph of a pipeline with the handler without
 * that of one which lacks it. Of many of them, so that what they share does not count.
 */
final class TlsFootprint {

    private static final int GOAL_BYTES = 160;
    private static final int SMALLEST_OBJECT = 8;
    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

    private TlsFootprint() {
    }

    static Section measure(Effort effort) throws Exception {
        int connections = effort.of(200, 20);
        Figures figures = new Figures();
        ShutdownPolicy policy = TlsEnd.withoutLinger(ShutdownMode.BIDIRECTIONAL);
        List<String> objects = new ArrayList<>();
        for (SslProvider engine : List.of(SslProvider.JDK, SslProvider.OPENSSL)) {
            for (String protocol : PROTOCOLS) {
                try (BenchmarkTls tls = BenchmarkTls.create(engine, engine, protocol)) {
                    Connections stock = new Connections(tls, null, connections);
                    Connections ours = new Connections(tls, policy, connections);
                    String connection = engine + " " + protocol;
                    add(figures, objects, connection + ", client", stock.clients, ours.clients);
                    add(figures, objects, connection + ", server", stock.servers, ours.servers);
                    stock.tearDown();
                    ours.tearDown();
                }
            }
        }
        return new Section("""
                What one of %d idle connections reaches beyond what others reach, by JOL, with the handler and \
                without (bytes and what the JVM knows of classes left out): pipelines in memory, a byte sent either \
                way. Native memory is not counted, and the handler has none. Bytes added, class by class:

                %s""".formatted(connections, String.join("\n", objects)),
                Section.STOCK, figures.measurements(), List.of());
    }

    private static void add(Figures figures, List<String> objects, String what, List<TlsEnd> stock, List<TlsEnd> ours) {
        Connection other = Connection.of(stock);
        Connection own = Connection.of(ours);
        figures.other(what + ": heap", "B", other.bytes);
        figures.ours(what + ": heap", "B", own.bytes);
        figures.ours(what + ": added", "B", own.bytes - other.bytes);
        figures.goal(what + ": added", Goal.Kind.AT_MOST, GOAL_BYTES);
        objects.add("- " + what + ": " + own.bytesByClass.entrySet().stream()
                .map(type -> Map.entry(type.getKey(),
                        type.getValue() - other.bytesByClass.getOrDefault(type.getKey(), 0.0)))
                // What comes and goes has no whole object in each of them.
                .filter(type -> Math.abs(type.getValue()) >= SMALLEST_OBJECT)
                .map(type -> String.format(Locale.ROOT, "`%s` %.0f",
                        type.getKey().replaceFirst("^.*\\.", ""), type.getValue()))
                .collect(Collectors.joining(", ")));
    }

    /**
     * What one more connection reaches, beyond what others reach.
     *
     * @param bytes in all
     * @param bytesByClass the same by the names of classes
     */
    private record Connection(double bytes, Map<String, Double> bytesByClass) {

        static Connection of(List<TlsEnd> ends) {
            int more = ends.size() / 2;
            GraphLayout half = graph(ends.subList(0, ends.size() - more));
            GraphLayout all = graph(ends);
            Map<String, Double> bytesByClass = new TreeMap<>();
            for (Class<?> type : all.getClasses()) {
                bytesByClass.put(type.getName(),
                        (double) (all.getClassSizes().count(type) - half.getClassSizes().count(type)) / more);
            }
            // What the JVM keeps of classes, and JOL of them, comes and goes with each look.
            bytesByClass.keySet().removeIf(type -> type.matches("(\\[+L)?java\\.(lang|util\\.WeakHashMap).*|\\[B"));
            return new Connection(bytesByClass.values().stream().mapToDouble(bytes -> bytes).sum(), bytesByClass);
        }

        private static GraphLayout graph(List<TlsEnd> ends) {
            return GraphLayout.parseInstance(ends.stream().map(TlsEnd::channel).toList());
        }
    }

    /** Both ends of many, which have the pipeline of the policy. */
    private static final class Connections {

        private final List<TlsEnd> clients = new ArrayList<>();
        private final List<TlsEnd> servers = new ArrayList<>();

        Connections(BenchmarkTls tls, @Nullable ShutdownPolicy policy, int count) {
            for (int i = 0; i < count; i++) {
                TlsEnd client = new TlsEnd(tls, tls.newClientHandler(), policy);
                TlsEnd server = new TlsEnd(tls, tls.newServerHandler(), policy);
                client.handshake(server);
                server.channel().writeAndFlush(tls.allocator().directBuffer(1).writeByte(1));
                client.channel().writeAndFlush(tls.allocator().directBuffer(1).writeByte(1));
                client.exchange(server);
                clients.add(client);
                servers.add(server);
            }
        }

        void tearDown() {
            for (int i = 0; i < clients.size(); i++) {
                TlsEnd client = clients.get(i);
                client.turn(() -> client.channel().pipeline().close());
                client.exchange(servers.get(i));
                client.tearDown();
                servers.get(i).tearDown();
            }
        }
    }
}
