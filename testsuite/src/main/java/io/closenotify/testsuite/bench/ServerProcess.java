package io.closenotify.testsuite.bench;

import static java.util.Objects.requireNonNull;

import com.sun.management.ThreadMXBean;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import javax.management.ObjectName;

/**
 * A {@link LoadServer} in a JVM of its own, so that what it occupies and spends is its own. It is asked by lines on its
 * standard input, whose end is its end.
 */
final class ServerProcess implements AutoCloseable {

    private static final List<String> OPTIONS =
            List.of("-Xms512m", "-Xmx512m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC");
    private static final long DEADLINE_SECONDS = 60;
    private static final String SPENT = "spent";
    private static final String LIVE = "live";
    private static final String LINGER_OVER = "linger over";
    private static final String CLOSE_ALL = "close all";
    private static final String TIMERS = "timers";

    private final Process process;
    private final BufferedReader answers;
    private final Writer questions;
    private final InetSocketAddress address;

    /**
     * What the process has spent so far.
     *
     * @param cpuNanos by all its threads but those of the JVM: what the compiler takes depends on the warm-up alone
     * @param bytes allocated by the same
     */
    record Spent(long cpuNanos, long bytes) {
    }

    ServerProcess(LoadServer server, Duration linger) throws Exception {
        process = ChildJvm.running(ServerProcess.class.getName(), OPTIONS,
                        List.of(server.name(), Long.toString(linger.toMillis())))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        answers = process.inputReader(StandardCharsets.US_ASCII);
        questions = process.outputWriter(StandardCharsets.US_ASCII);
        try {
            address = new InetSocketAddress(InetAddress.getLoopbackAddress(), (int) next()[0]);
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    InetSocketAddress address() {
        return address;
    }

    Spent spent() throws Exception {
        long[] numbers = ask(SPENT);
        return new Spent(numbers[0], numbers[1]);
    }

    /** Waits for the end of every connection that lingers. */
    void awaitLingerOver() throws Exception {
        ask(LINGER_OVER);
    }

    /** Closes all connections; returns how many nanoseconds that took. */
    long closeAll() throws Exception {
        return ask(CLOSE_ALL)[0];
    }

    /** How many timers the event loops were given so far. */
    long timers() throws Exception {
        return ask(TIMERS)[0];
    }

    /** Bytes of live objects, without what a collection leaves where it is. */
    long liveBytes() throws Exception {
        return ask(LIVE)[0];
    }

    private long[] ask(String question) throws Exception {
        questions.write(question + '\n');
        questions.flush();
        return next();
    }

    private long[] next() throws Exception {
        String answer = CompletableFuture.supplyAsync(this::readLine).get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        return Arrays.stream(answer.split(" ")).mapToLong(Long::parseLong).toArray();
    }

    private String readLine() {
        try {
            return requireNonNull(answers.readLine(), "the server's answer");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /**
     * Is the process.
     *
     * @param arguments which server, and its linger in milliseconds
     */
    public static void main(String[] arguments) throws Exception {
        SelfSignedCertificate certificate = new SelfSignedCertificate("localhost", "EC", 256);
        certificate.delete();
        LoadServer.Running server = LoadServer.valueOf(arguments[0])
                .start(certificate, Duration.ofMillis(Long.parseLong(arguments[1])));
        System.out.println(server.address().getPort());
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String question = questions.readLine(); question != null; question = questions.readLine()) {
            try {
                System.out.println(answer(server, question));
            } catch (Exception e) {
                // The event loops would keep the process, and who asked would wait.
                e.printStackTrace();
                System.exit(1);
            }
        }
        System.exit(0);
    }

    private static String answer(LoadServer.Running server, String question) throws Exception {
        switch (question) {
            case LINGER_OVER -> {
                server.awaitLingerOver();
                return "0";
            }
            case CLOSE_ALL -> {
                return Long.toString(server.closeAll());
            }
            case TIMERS -> {
                return Long.toString(server.timers());
            }
            case LIVE -> {
                Memory.now();
                return Long.toString(liveObjects());
            }
            case SPENT -> {
                ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
                long[] all = threads.getAllThreadIds();
                return sum(threads.getThreadCpuTime(all)) + " " + sum(threads.getThreadAllocatedBytes(all));
            }
            default -> throw new IllegalArgumentException(question);
        }
    }

    /** The sum of the histogram by class, for which the JVM collects. */
    private static long liveObjects() throws Exception {
        String histogram = (String) ManagementFactory.getPlatformMBeanServer().invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"), "gcClassHistogram",
                new Object[] {new String[0]}, new String[] {String[].class.getName()});
        // Total, instances, bytes
        Scanner total = new Scanner(histogram.substring(histogram.lastIndexOf("Total")));
        total.next();
        total.nextLong();
        return total.nextLong();
    }

    /** Of a thread that has just ended there is none. */
    private static long sum(long[] figures) {
        return LongStream.of(figures).filter(figure -> figure > 0).sum();
    }
}
