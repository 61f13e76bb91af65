package io.closenotify.examples.cli;

import io.closenotify.ShutdownResult;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code connect}: a client that reports how its connections ended. */
@Command(name = "connect", description = {
    "Connects, sends, shuts down, and prints one JSON object a connection: how it ended.",
    "Shuts down once --send is written, at once without --send and --receive, or when the peer closes first.",
    "Exit 0 if every connection ended clean, unidirectional or quiet, else 1.",
    "SIGTERM or SIGINT shuts the connection down, whatever is left to do: exit 1."})
@SuppressWarnings("NullAway.Init")
final class ConnectCommand implements Callable<Integer> {

    private static final Set<ShutdownResult> GOOD =
            EnumSet.of(ShutdownResult.CLEAN, ShutdownResult.UNIDIRECTIONAL, ShutdownResult.QUIET);
    private static final long REPORT_SECONDS = 10;

    /** How long a signal lets the connection take to shut down before it is forced. */
    private static final long SIGNALLED_SECONDS = 15;

    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean signalled;
    private volatile @Nullable Conversation current;

    @Spec
    private CommandSpec command;

    @Mixin
    private TransportOptions transport;

    @Mixin
    private StreamOptions stream;

    @Option(names = "--no-read", description = "Read nothing before the shutdown (autoRead off).")
    private boolean noRead;

    @Parameters(paramLabel = "HOST:PORT", converter = HostAndPort.Converter.class, description = "Where to connect to.")
    private HostAndPort target;

    @Option(names = "--cert", paramLabel = "PEM", converter = ReadableFile.class,
            description = "The only certificates to trust (default: the trust store of the JVM).")
    private @Nullable File trusted;

    @Option(names = "--insecure", description = "Trust any certificate and any name in it.")
    private boolean insecure;

    @Option(names = "--send", paramLabel = "BYTES|@FILE|-", converter = Payload.Converter.class,
            description = "What to send: so many bytes of filler, a file, or stdin until its end. DTLS"
                    + " does not send again what the network loses.")
    private @Nullable Payload send;

    @Option(names = "--receive", paramLabel = "FILE",
            description = "Where to write what arrives. Without --send this waits for the peer to close.")
    private @Nullable File receive;

    @Option(names = "--sessions", paramLabel = "N", defaultValue = "1", converter = Numbers.Count.class,
            description = "How many connections to make in turn, each resuming the session before if it can"
                    + " (default: ${DEFAULT-VALUE}).")
    private int sessions;

    @Override
    public Integer call() throws Exception {
        if (noRead && send == null && receive != null) {
            throw new ParameterException(command.commandLine(),
                    "--no-read: with --receive alone nothing would ever arrive (expected: --send as well)");
        }
        if (sessions > 1 && send != null && !send.isRepeatable()) {
            throw new ParameterException(command.commandLine(),
                    "--sessions: " + sessions + " (expected: 1 with --send -, stdin can be read only once)");
        }
        if (stream.conclude() && send == null) {
            throw new ParameterException(command.commandLine(),
                    "--conclude: there is nothing to conclude (expected: --send as well)");
        }
        Transport chosen = transport.transport();
        Transport.Connector connector = connector(chosen);
        Log log = new Log(command.commandLine().getErr());
        Thread hook = new Thread(this::endOnSignal, "signal");
        Runtime.getRuntime().addShutdownHook(hook);
        try (OutputStream received = openReceived(); Client client = connector.open(!noRead, log)) {
            boolean good = true;
            for (int session = 0; session < sessions && !signalled; session++) {
                good &= converse(client, received, chosen.flushes(), log);
            }
            return good ? 0 : 1;
        } finally {
            forget(hook);
            done.countDown();
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // It runs, and waits for us.
        }
    }

    /** Ends the process from within its shutdown hook, which replaces the exit code of the signal by ours. */
    private void endOnSignal() {
        signalled = true;
        try {
            Conversation conversation = current;
            if (conversation != null) {
                conversation.end();
            }
            if (!done.await(SIGNALLED_SECONDS, TimeUnit.SECONDS) && conversation != null) {
                conversation.abort();
                done.await(1, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            Runtime.getRuntime().halt(1);
        }
    }

    private Transport.Connector connector(Transport chosen) {
        try {
            return chosen.connector(new Trust(insecure, trusted), target);
        } catch (IllegalArgumentException | SSLException e) {
            throw new ParameterException(command.commandLine(), "--cert: " + trusted
                    + " (expected: certificates in PEM; " + Failures.describe(e) + ')', e);
        }
    }

    private @Nullable OutputStream openReceived() {
        if (receive == null) {
            return null;
        }
        try {
            return new FileOutputStream(receive);
        } catch (IOException e) {
            throw new ParameterException(command.commandLine(),
                    "--receive: " + receive + " (expected: a file that can be written)", e);
        }
    }

    private boolean converse(Client client, @Nullable OutputStream received, boolean flushes, Log log)
            throws Exception {
        JsonLines lines = new JsonLines(command.commandLine().getOut());
        Conversation conversation = new Conversation(send, stream.conclude(), received, log);
        current = conversation;
        CompletableFuture<ConnectionReport> reported = new CompletableFuture<>();
        client.connect(conversation, report -> {
            lines.write(report.line());
            reported.complete(report);
        }).await();
        // The report may be a step behind the end of the channel.
        ConnectionReport report = reported.get(REPORT_SECONDS, TimeUnit.SECONDS);
        boolean good = GOOD.contains(report.ending().result()) && !conversation.failed();
        if (good && flushes && !conversation.sentAll()) {
            log.say("--send: the connection ended before all of it was sent (" + report.bytesWritten()
                    + " bytes were)");
            return false;
        }
        return good;
    }
}
