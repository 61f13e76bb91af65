package io.closenotify.testsuite.peers;

import io.closenotify.testsuite.Waits;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A peer that runs as a program of its own. Every wait has a deadline; closing it kills the program, and so does the
 * end of this JVM.
 */
public final class PeerProcess implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(10);

    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(
                new Thread(() -> RUNNING.forEach(Process::destroyForcibly), "peer-processes"));
    }

    private final Process process;
    private final Thread reader;
    private final BlockingQueue<Optional<String>> unread = new LinkedBlockingQueue<>();
    private final Queue<String> output = new ConcurrentLinkedQueue<>();
    private final Consumer<String> listener;

    private PeerProcess(Process process, Consumer<String> listener) {
        this.process = process;
        this.listener = listener;
        RUNNING.add(process);
        reader = new Thread(this::readOutput, "peer-output");
        reader.setDaemon(true);
        reader.start();
    }

    public static PeerProcess start(List<String> command) {
        return start(command, line -> { });
    }

    /** The same; each line of its output goes to the listener too, in the thread that reads it. */
    public static PeerProcess start(List<String> command, Consumer<String> listener) {
        try {
            return new PeerProcess(new ProcessBuilder(command).redirectErrorStream(true).start(), listener);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A port that was free a moment ago, for programs that cannot choose one and tell it. */
    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same for UDP. */
    public static int freeUdpPort() {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The path of a script among the test resources. */
    static String script(String name) {
        try {
            return Path.of(PeerProcess.class.getResource("/" + name).toURI()).toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private void readOutput() {
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.add(line);
                unread.add(Optional.of(line));
                listener.accept(line);
            }
        } catch (IOException e) {
            output.add(e.toString());
        } finally {
            unread.add(Optional.empty());
        }
    }

    /** Waits for the next line that matches; the lines before it are passed over. */
    public String awaitLine(Predicate<String> matches) throws InterruptedException {
        long end = System.nanoTime() + Waits.DEADLINE.toNanos();
        while (true) {
            Optional<String> line = unread.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (line == null) {
                throw new AssertionError("the line did not come within " + Waits.DEADLINE + "; output: " + output());
            }
            if (line.isEmpty()) {
                unread.add(line);
                throw new AssertionError("the output ended before the line came: " + output());
            }
            if (matches.test(line.get())) {
                return line.get();
            }
        }
    }

    public void send(String text) {
        try {
            process.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void endInput() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public boolean exitsWithin(Duration time) throws InterruptedException {
        return process.waitFor(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Waits until the program itself has this UDP port; false if it exits without it. */
    boolean takesUdpPort(int port) throws InterruptedException {
        long end = System.nanoTime() + Waits.DEADLINE.toNanos();
        while (!UdpSocketTable.holds(process.pid(), port)) {
            if (exitsWithin(POLL)) {
                return false;
            }
            if (System.nanoTime() > end) {
                throw new AssertionError("no port within " + Waits.DEADLINE + "; output: " + output());
            }
        }
        return true;
    }

    /** Waits for the end of the program and of its output. */
    public int awaitExit() throws InterruptedException {
        if (!exitsWithin(Waits.DEADLINE)) {
            throw new AssertionError("still running after " + Waits.DEADLINE + "; output: " + output());
        }
        reader.join(Waits.DEADLINE.toMillis());
        return process.exitValue();
    }

    public String output() {
        return String.join("\n", output);
    }

    @Override
    public void close() {
        process.destroyForcibly();
        RUNNING.remove(process);
        try {
            process.waitFor(Waits.DEADLINE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
