package io.closenotify.testsuite.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A program that listens on a port of loopback. */
record ListeningProgram(PeerProcess process, int port) implements AutoCloseable {

    private static final int ATTEMPTS = 5;
    private static final Pattern TAKEN = Pattern.compile("Address already in use");

    /** Starts a program that chooses its port, and tells it in the first group of a line. */
    static ListeningProgram onItsPort(List<String> command, Pattern told) throws InterruptedException {
        PeerProcess process = PeerProcess.start(command);
        try {
            Matcher line = told.matcher(process.awaitLine(told.asPredicate()));
            assertThat(line.find()).isTrue();
            return new ListeningProgram(process, Integer.parseInt(line.group(1)));
        } catch (Throwable e) {
            process.close();
            throw e;
        }
    }

    /**
     * Starts a program that must be told its port, and waits for the line that it writes when it listens. What was free
     * a moment ago may be taken by then: it is started again with another one.
     */
    static ListeningProgram onFreePort(IntFunction<List<String>> command, Pattern listens) throws InterruptedException {
        for (int attempt = 1;; attempt++) {
            int port = PeerProcess.freePort();
            PeerProcess process = PeerProcess.start(command.apply(port));
            try {
                String line = process.awaitLine(listens.asPredicate().or(TAKEN.asPredicate()));
                if (!TAKEN.matcher(line).find() || attempt == ATTEMPTS) {
                    assertThat(line).containsPattern(listens);
                    return new ListeningProgram(process, port);
                }
            } catch (Throwable e) {
                process.close();
                throw e;
            }
            process.close();
        }
    }

    /** The same for UDP, and for any program: it listens when Linux says so. Its output goes to the listener too. */
    static ListeningProgram onFreeUdpPort(IntFunction<List<String>> command, Consumer<String> listener)
            throws InterruptedException {
        for (int attempt = 1;; attempt++) {
            int port = PeerProcess.freeUdpPort();
            PeerProcess process = PeerProcess.start(command.apply(port), listener);
            try {
                if (process.takesUdpPort(port)) {
                    return new ListeningProgram(process, port);
                }
                assertThat(attempt).as(process.output()).isLessThan(ATTEMPTS);
            } catch (Throwable e) {
                process.close();
                throw e;
            }
        }
    }

    /** Writes what configures it. */
    static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
