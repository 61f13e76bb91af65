package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;
import static java.util.Objects.requireNonNull;

import io.closenotify.testsuite.report.Figures;
import io.closenotify.testsuite.report.Section;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A {@link TlsServer} in a JVM of its own has many connections from stock clients, and closes all of them at once: heap
 * a connection, closes a second and timers a close.
 */
final class TlsGrowth {

    static final String CLOSES = "closes a second";
    static final String HEAP = "server's heap a connection";
    static final String TIMERS = "timers a close";

    private static final int WARM_UP = 200;
    private static final int CONNECTING_AT_ONCE = 128;
    private static final long DEADLINE_SECONDS = 60;
    private static final Duration LINGER = Duration.ofSeconds(2);

    private TlsGrowth() {
    }

    /**
     * A turn of one server.
     *
     * @param closesPerSecond by the server's clock, until the last of its close futures
     * @param heapBytes of the server, by each established connection
     * @param timers given to the server's event loop, by each close
     */
    record Turn(double closesPerSecond, double heapBytes, double timers) {
    }

    static Section measure(Effort effort) throws Exception {
        Figures figures = new Figures();
        Growth closes = new Growth();
        Growth heap = new Growth();
        try (Clients clients = new Clients()) {
            Map<TlsServer, ServerProcess> servers = new LinkedHashMap<>();
            try {
                for (TlsServer server : TlsServer.values()) {
                    ServerProcess process = new ServerProcess(server, LINGER);
                    servers.put(server, process);
                    turn(process, clients, effort.of(WARM_UP, 2));
                }
                for (Map.Entry<Integer, Integer> size : Growth.sizes(effort).entrySet()) {
                    measure(size.getKey(), size.getValue(), servers, clients, figures);
                    add(figures, size.getKey(), closes, heap);
                }
            } finally {
                servers.values().forEach(ServerProcess::close);
            }
        }
        return new Section("""
                A TLS 1.3 server (BoringSSL, sockets on loopback, one event loop, a JVM of its own) closes all its \
                connections at once; the clients are stock Netty's. Stock `close()` sends close_notify and closes \
                TCP without waiting, which may destroy what was sent before; Closenotify's futures wait for the \
                client's close_notify and FIN (`BIDIRECTIONAL`), or its FIN (`FAST`), with the default policies. So \
                the ratio tells what that certainty costs. Heap is what the server's live objects grow by.""",
                Section.STOCK, figures.measurements(),
                List.of(closes.plot("TLS closes a second", CLOSES), heap.plot("TLS heap", "bytes a connection")));
    }

    private static void measure(int connections, int turns, Map<TlsServer, ServerProcess> servers, Clients clients,
            Figures figures) throws Exception {
        for (int turn = 0; turn < turns; turn++) {
            Turn stock = turn(requireNonNull(servers.get(TlsServer.TLS_STOCK)), clients, connections);
            for (TlsServer server : List.of(TlsServer.TLS_BIDIRECTIONAL, TlsServer.TLS_FAST)) {
                Turn ours = turn(requireNonNull(servers.get(server)), clients, connections);
                String closes = name(connections, CLOSES, server);
                figures.other(closes, "1/s", stock.closesPerSecond);
                figures.ours(closes, "1/s", ours.closesPerSecond);
                String timers = name(connections, TIMERS, server);
                figures.other(timers, "", stock.timers);
                figures.ours(timers, "", ours.timers);
                if (server == TlsServer.TLS_BIDIRECTIONAL) {
                    String heap = Growth.connections(connections) + HEAP;
                    figures.other(heap, "B", stock.heapBytes);
                    figures.ours(heap, "B", ours.heapBytes);
                }
            }
        }
    }

    private static void add(Figures figures, int connections, Growth closes, Growth heap) {
        for (TlsServer server : List.of(TlsServer.TLS_BIDIRECTIONAL, TlsServer.TLS_FAST)) {
            closes.add(Section.STOCK, "Closenotify, " + mode(server), connections,
                    figures.of(name(connections, CLOSES, server)));
        }
        heap.add(Section.STOCK, "Closenotify", connections, figures.of(Growth.connections(connections) + HEAP));
    }

    private static String name(int connections, String what, TlsServer server) {
        return Growth.connections(connections) + what + ", " + mode(server);
    }

    private static String mode(TlsServer server) {
        return server.name().replace("TLS_", "");
    }

    static Turn turn(ServerProcess server, Clients clients, int connections) throws Exception {
        long before = server.liveBytes();
        clients.connect(server.address(), connections);
        double heap = (double) (server.liveBytes() - before) / connections;
        long timers = server.timers();
        long nanos = server.closeAll();
        timers = server.timers() - timers;
        clients.awaitEnds(connections);
        return new Turn((double) connections * TimeUnit.SECONDS.toNanos(1) / nanos, heap,
                (double) timers / connections);
    }

    /** Stock ones, which answer close_notify and go. */
    static final class Clients implements AutoCloseable {

        private final EventLoopGroup loops = new NioEventLoopGroup(1);
        private final Semaphore room = new Semaphore(CONNECTING_AT_ONCE);
        private final BlockingQueue<Boolean> ends = new LinkedBlockingQueue<>();
        private final SslContext context;

        Clients() throws Exception {
            context = SslContextBuilder.forClient().sslProvider(SslProvider.OPENSSL).protocols("TLSv1.3")
                    .trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm(null).build();
        }

        /** Returns when all are connected. */
        void connect(InetSocketAddress server, int count) throws Exception {
            Bootstrap bootstrap = new Bootstrap().group(loops).channel(NioSocketChannel.class)
                    .handler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(context.newHandler(channel.alloc()), new Client());
                        }
                    });
            for (int i = 0; i < count; i++) {
                check(room.tryAcquire(DEADLINE_SECONDS, TimeUnit.SECONDS), "no connection any more, of", count);
                bootstrap.connect(server);
            }
            check(room.tryAcquire(CONNECTING_AT_ONCE, DEADLINE_SECONDS, TimeUnit.SECONDS), "connecting, of", count);
            room.release(CONNECTING_AT_ONCE);
        }

        /** Returns when so many have ended, all of them after the server's close_notify. */
        void awaitEnds(int count) throws InterruptedException {
            for (int i = 0; i < count; i++) {
                check(QuicLoopback.take(ends), "ended by close_notify", false);
            }
        }

        @Override
        public void close() {
            loops.shutdownGracefully(0, DEADLINE_SECONDS, TimeUnit.SECONDS)
                    .awaitUninterruptibly(DEADLINE_SECONDS, TimeUnit.SECONDS);
        }

        private final class Client extends ChannelInboundHandlerAdapter {

            private boolean told;

            @Override
            public void userEventTriggered(ChannelHandlerContext channel, Object event) {
                if (event == SslCloseCompletionEvent.SUCCESS) {
                    told = true;
                    channel.close();
                }
            }

            /** The server's greeting. */
            @Override
            public void channelRead(ChannelHandlerContext channel, Object message) {
                ReferenceCountUtil.release(message);
                room.release();
            }

            @Override
            public void channelInactive(ChannelHandlerContext channel) {
                ends.add(told);
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext channel, Throwable cause) {
                channel.close();
            }
        }
    }
}
