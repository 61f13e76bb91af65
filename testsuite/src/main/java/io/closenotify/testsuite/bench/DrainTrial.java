package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.closenotify.testsuite.report.Figures;
import io.closenotify.testsuite.report.Section;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
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
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import io.netty.util.ReferenceCountUtil;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The command {@code serve}, in a process of its own with one event loop, is drained by SIGTERM while many clients are
 * connected by TLS, of which some neither read nor answer. What it did is told by what the clients see, and by what it
 * prints.
 */
public final class DrainTrial {

    private static final String SERVE = "io.closenotify.examples.cli.Main";
    private static final int CONNECTIONS = 10_000;
    private static final Duration DEADLINE = Duration.ofSeconds(15);
    private static final Duration SPREAD = Duration.ofSeconds(5);
    private static final int CONNECTING_AT_ONCE = 128;
    private static final long DEADLINE_SECONDS = 240;
    private static final String KEEP = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private static final String END = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    private static final Pattern STALL = Pattern.compile("longest stall (\\d+) ms");
    private static final Pattern STARTED = Pattern.compile("started within (\\d+) ms");
    private static final Pattern FORCED = Pattern.compile("drain: forced (\\S+?),? .*");

    private final int connections;
    private final int stuck;
    private final Duration deadline;
    private final Duration spread;
    private final SslContext context;
    private final Set<String> stuckAddresses = ConcurrentHashMap.newKeySet();
    private final AtomicInteger notified = new AtomicInteger();
    private final AtomicInteger cut = new AtomicInteger();
    private final AtomicLong firstNotified = new AtomicLong(Long.MAX_VALUE);
    private final AtomicLong lastNotified = new AtomicLong(Long.MIN_VALUE);

    /**
     * What came of it.
     *
     * @param notified reading clients that got close_notify
     * @param cut reading clients whose connection ended without one
     * @param arrivedWithin the time from the first close_notify that a client got to the last
     * @param startedWithin the time from the first shutdown that the server began to the last, as it says
     * @param longestStall of the event loop, as the server says
     * @param forced connections that the server says it forced
     * @param named those among the forced that were stuck indeed
     * @param lines of JSON, one a connection
     * @param exit the exit code
     * @param elapsed from SIGTERM to the end of the process
     */
    record Result(int notified, int cut, Duration arrivedWithin, Duration startedWithin, Duration longestStall,
            int forced, int named, long lines, int exit, Duration elapsed) {
    }

    DrainTrial(int connections, int stuck, Duration deadline, Duration spread) throws Exception {
        this.connections = connections;
        this.stuck = stuck;
        this.deadline = deadline;
        this.spread = spread;
        context = SslContextBuilder.forClient().sslProvider(SslProvider.OPENSSL).protocols("TLSv1.3")
                .trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm(null).build();
    }

    Result run() throws Exception {
        SelfSignedCertificate certificate = new SelfSignedCertificate("localhost", "EC", 256);
        EventLoopGroup loops = new NioEventLoopGroup(1);
        Process serve = serve(certificate);
        try (BufferedReader out = serve.inputReader(UTF_8)) {
            int port = port(out.readLine());
            Lines json = new Lines(out, line -> line.contains("\"event\":\"shutdown\""));
            Lines log = new Lines(serve.errorReader(UTF_8), line -> line.startsWith("drain: "));
            // As in the life of a server: others have come and gone, and what closes them is compiled.
            int before = connections / 5;
            connect(loops, port, before, 0, END);
            connect(loops, port, connections, stuck, KEEP);
            long begin = System.nanoTime();
            // Not Process.destroy(), which closes its output as well.
            serve.toHandle().destroy();
            check(serve.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS), "serve still runs", serve.pid());
            Duration elapsed = Duration.ofNanos(System.nanoTime() - begin);
            List<String> said = log.all();
            List<String> forced = said.stream().map(FORCED::matcher).filter(Matcher::matches)
                    .map(line -> line.group(1)).toList();
            String summary = said.stream().filter(line -> line.startsWith("drain: done")).findFirst().orElse("");
            loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
            return new Result(notified.get(), cut.get(),
                    Duration.ofNanos(notified.get() == 0 ? 0 : lastNotified.get() - firstNotified.get()),
                    millis(STARTED, summary), millis(STALL, summary), forced.size(),
                    (int) forced.stream().filter(stuckAddresses::contains).count(),
                    json.all().size() - before, serve.exitValue(), elapsed);
        } finally {
            serve.destroyForcibly();
            loops.shutdownGracefully(0, 5, TimeUnit.SECONDS);
            certificate.delete();
        }
    }

    private Process serve(SelfSignedCertificate certificate) throws IOException {
        return ChildJvm.running(SERVE, List.of(), List.of(
                "serve", "--port", "0", "--app", "http",
                "--cert", certificate.certificate().getPath(), "--key", certificate.privateKey().getPath(),
                // Longer than the drain: who does not answer is left to it.
                "--peer-timeout", "600000",
                "--drain-timeout", Long.toString(deadline.toMillis()),
                "--drain-spread", Long.toString(spread.toMillis()))).start();
    }

    private static int port(String listening) {
        return Integer.parseInt(listening.replaceAll("\\D", ""));
    }

    private static Duration millis(Pattern pattern, String line) {
        Matcher found = pattern.matcher(line);
        check(found.find(), "no " + pattern + " in what serve said last", line);
        return Duration.ofMillis(Long.parseLong(found.group(1)));
    }

    /** Returns when every one of them has its response. */
    private void connect(EventLoopGroup loops, int port, int count, int stuckOnes, String request) throws Exception {
        Semaphore room = new Semaphore(CONNECTING_AT_ONCE);
        CountDownLatch ready = new CountDownLatch(count);
        Bootstrap bootstrap = new Bootstrap().group(loops).channel(NioSocketChannel.class);
        for (int each = 0; each < count; each++) {
            check(room.tryAcquire(DEADLINE_SECONDS, TimeUnit.SECONDS), "no connection any more, of", count);
            boolean stays = each * (long) stuckOnes / count < (each + 1) * (long) stuckOnes / count;
            bootstrap.clone().handler(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(context.newHandler(channel.alloc()), new Client(request, stays, () -> {
                        ready.countDown();
                        room.release();
                    }));
                }
            }).connect("127.0.0.1", port);
        }
        check(ready.await(DEADLINE_SECONDS, TimeUnit.SECONDS), "connections without a response", ready.getCount());
    }

    /** Asks once; then reads what comes, or is stuck. */
    private final class Client extends ChannelInboundHandlerAdapter {

        private final String request;
        private final boolean stays;
        private final Runnable answered;
        private boolean done;
        private boolean told;

        Client(String request, boolean stays, Runnable answered) {
            this.request = request;
            this.stays = stays;
            this.answered = answered;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext channel, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
                channel.writeAndFlush(Unpooled.copiedBuffer(request, UTF_8));
            } else if (event == SslCloseCompletionEvent.SUCCESS && !told) {
                told = true;
                if (counts()) {
                    long now = System.nanoTime();
                    notified.incrementAndGet();
                    firstNotified.accumulateAndGet(now, Math::min);
                    lastNotified.accumulateAndGet(now, Math::max);
                }
                channel.close();
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext channel, Object message) {
            ReferenceCountUtil.release(message);
            if (!done) {
                done = true;
                if (stays) {
                    channel.channel().config().setAutoRead(false);
                    InetSocketAddress own = (InetSocketAddress) channel.channel().localAddress();
                    stuckAddresses.add("127.0.0.1:" + own.getPort());
                }
                answered.run();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext channel) {
            if (!told && !stays && counts()) {
                cut.incrementAndGet();
            }
        }

        /** Not who has come and gone before. */
        private boolean counts() {
            return request.equals(KEEP);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext channel, Throwable cause) {
            channel.close();
        }
    }

    /** Reads the lines that matter until the end, in a thread of its own. */
    private static final class Lines {

        private final List<String> kept = new ArrayList<>();
        private final Thread reader;

        Lines(BufferedReader from, Predicate<String> matters) {
            reader = new Thread(() -> {
                try {
                    for (String line = from.readLine(); line != null; line = from.readLine()) {
                        if (matters.test(line)) {
                            kept.add(line);
                        }
                    }
                } catch (IOException e) {
                    kept.add(e.toString());
                }
            }, "lines");
            reader.setDaemon(true);
            reader.start();
        }

        List<String> all() throws InterruptedException {
            reader.join(TimeUnit.SECONDS.toMillis(DEADLINE_SECONDS));
            return kept;
        }
    }

    static Section measure(Effort effort) throws Exception {
        Figures figures = new Figures();
        Growth growth = new Growth();
        for (int connections : Growth.sizes(effort).keySet()) {
            String name = Growth.connections(connections);
            Result all = new DrainTrial(connections, 0, DEADLINE, Duration.ZERO).run();
            add(figures, name, all);
            check(all.notified == connections, "clients that got close_notify", all);
            growth.add("close_notify arrived within", connections,
                    figures.of(name + "close_notify arrived within").ofOurs());
            growth.add("SIGTERM to the end", connections, figures.of(name + "from SIGTERM to the end").ofOurs());
        }
        int connections = effort.of(CONNECTIONS, 50);
        int stuck = connections / 100;
        Result spread = new DrainTrial(connections, stuck, effort.of(DEADLINE, Duration.ofSeconds(2)),
                effort.of(SPREAD, Duration.ofSeconds(1))).run();
        String name = Growth.connections(connections).replace(":", ", " + stuck + " stuck, spread:");
        figures.ours(name + "clients that got close_notify, of " + (connections - stuck), "", spread.notified);
        figures.ours(name + "forced at the deadline, of " + stuck, "", spread.forced);
        figures.ours(name + "of these, named rightly", "", spread.named);
        add(figures, name, spread);
        return new Section("""
                `serve` of the command line, in a JVM of its own with one event loop and BoringSSL, gets SIGTERM \
                while so many TLS 1.3 clients are connected: all at once at first; then with a spread of 5 s under a \
                deadline of 15 s, where one in a hundred neither reads nor answers. Stock Netty has no drain; what \
                closing all channels of a group takes it is under *TLS, growth*. The time from SIGTERM to the end \
                includes that of the JVM's and of the event loops' own.""",
                Section.STOCK, figures.measurements(), List.of(growth.plot("Drain", "ms")));
    }

    private static void add(Figures figures, String name, Result result) {
        figures.ours(name + "close_notify arrived within", "ms", (double) result.arrivedWithin.toMillis());
        figures.ours(name + "longest stall of the event loop", "ms", (double) result.longestStall.toMillis());
        figures.ours(name + "from SIGTERM to the end", "ms", (double) result.elapsed.toMillis());
    }

    /**
     * Runs a trial: with a spread of five seconds under a deadline of fifteen.
     *
     * @param arguments how many connections (10,000), and how many of them are stuck (100)
     */
    public static void main(String[] arguments) throws Exception {
        int connections = arguments.length > 0 ? Integer.parseInt(arguments[0]) : CONNECTIONS;
        int stuck = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 100;
        Result result = new DrainTrial(connections, stuck, DEADLINE, SPREAD).run();
        System.out.printf("reading clients that got close_notify   %d of %d (cut: %d)%n"
                        + "close_notify arrived within             %d ms (shutdowns started within %d ms)%n"
                        + "longest stall of the event loop         %d ms%n"
                        + "forced at the deadline                  %d, of which stuck and named: %d of %d%n"
                        + "JSON lines                              %d%n"
                        + "exit code                               %d%n"
                        + "from SIGTERM to the end                 %d ms%n",
                result.notified(), connections - stuck, result.cut(), result.arrivedWithin().toMillis(),
                result.startedWithin().toMillis(), result.longestStall().toMillis(), result.forced(), result.named(),
                stuck, result.lines(), result.exit(), result.elapsed().toMillis());
    }
}
