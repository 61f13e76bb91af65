package io.closenotify.examples.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Runs a command as a process of its own. */
final class Child implements AutoCloseable {

    /** On a busy machine a JVM alone takes ten to start. */
    private static final long DEADLINE_SECONDS = 40;

    private final Process process;
    private final BlockingQueue<String> out = new LinkedBlockingQueue<>();
    private final Thread reader;

    private Child(List<String> jvmOptions, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                "-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
        command.addAll(jvmOptions);
        command.add(Main.class.getName());
        command.addAll(arguments);
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        reader = new Thread(this::read);
        reader.start();
    }

    static Child start(String... arguments) throws IOException {
        return new Child(List.of(), List.of(arguments));
    }

    static Child startWithoutUnsafe(String... arguments) throws IOException {
        return new Child(List.of("-Dio.netty.noUnsafe=true"), List.of(arguments));
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(UTF_8)) {
            lines.lines().forEach(out::add);
        } catch (IOException e) {
            out.add(e.toString());
        }
    }

    /** The next line of stdout. */
    Map<String, Object> next() throws InterruptedException {
        String line = out.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
        if (line == null) {
            throw new AssertionError("no line within " + DEADLINE_SECONDS + " s");
        }
        return Cli.parse(line);
    }

    /** What {@code serve} says first. */
    int port() throws InterruptedException {
        return (int) next().get("port");
    }

    /** Waits until a file that the process writes has more bytes than before. */
    static void awaitMore(Path file, long before) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
        try (WatchService changes = file.getFileSystem().newWatchService()) {
            file.toAbsolutePath().getParent().register(changes, ENTRY_CREATE, ENTRY_MODIFY);
            while (size(file) <= before) {
                WatchKey changed = changes.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (changed == null) {
                    throw new AssertionError("nothing more in " + file + " within " + DEADLINE_SECONDS + " s");
                }
                changed.pollEvents();
                changed.reset();
            }
        }
    }

    static long size(Path file) throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }

    OutputStream stdin() {
        return process.getOutputStream();
    }

    /** Sends SIGTERM. */
    Child terminate() {
        // Not Process.destroy(), which closes stdout as well.
        process.toHandle().destroy();
        return this;
    }

    int exit() throws InterruptedException {
        if (!process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("still running after " + DEADLINE_SECONDS + " s");
        }
        return process.exitValue();
    }

    /** The lines that {@link #next()} has not taken, once the process has ended. */
    List<String> rest() throws InterruptedException {
        exit();
        reader.join(TimeUnit.SECONDS.toMillis(DEADLINE_SECONDS));
        return List.copyOf(out);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
