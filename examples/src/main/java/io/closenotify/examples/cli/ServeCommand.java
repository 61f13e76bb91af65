package io.closenotify.examples.cli;

import io.closenotify.drain.DrainPolicy;
import io.closenotify.observe.ShutdownObserver;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code serve}: a server that reports how each of its connections ended. */
@Command(name = "serve", description = {
    "Accepts connections and prints one JSON object a line: where it listens, then how each connection ended.",
    "SIGTERM or SIGINT shuts every connection down and ends the process: exit 0 if none was forced, else 1."})
@SuppressWarnings("NullAway.Init")
final class ServeCommand implements Callable<Integer> {

    @Spec
    private CommandSpec command;

    @Mixin
    private TransportOptions transport;

    @Option(names = "--host", paramLabel = "HOST", defaultValue = "127.0.0.1",
            description = "The address to listen on (default: ${DEFAULT-VALUE}).")
    private String host;

    @Option(names = "--port", paramLabel = "PORT", required = true, converter = Numbers.Port.class,
            description = "The port to listen on; 0 takes any that is free.")
    private int port;

    @Option(names = "--cert", paramLabel = "PEM", converter = ReadableFile.class,
            description = "The certificate chain (default: a self-signed certificate).")
    private @Nullable File certificate;

    @Option(names = "--key", paramLabel = "PEM", converter = ReadableFile.class,
            description = "The private key, in PKCS#8, of --cert.")
    private @Nullable File key;

    @Option(names = "--app", paramLabel = "echo|sink|http|source:BYTES", defaultValue = "echo",
            converter = AppConverter.class,
            description = "What to do on each connection: send everything back, only count, answer HTTP/1.x requests,"
                    + " or send so many bytes and shut down (default: ${DEFAULT-VALUE}).")
    private App app;

    @Option(names = "--drain-timeout", paramLabel = "MS", defaultValue = "15000", converter = Numbers.Millis.class,
            description = "How long connections may take to shut down on SIGTERM before they are forced; 0 waits"
                    + " without end (default: ${DEFAULT-VALUE}).")
    private Duration drainTimeout;

    @Option(names = "--metrics-port", paramLabel = "PORT", converter = Numbers.Port.class,
            description = "Serve meters of all shutdowns to Prometheus on 127.0.0.1:PORT/metrics; 0 takes any port that"
                    + " is free (default: none are kept).")
    private @Nullable Integer metricsPort;

    @Option(names = "--drain-spread", paramLabel = "MS", defaultValue = "0", converter = Numbers.Millis.class,
            description = "The time over which the shutdowns are started evenly on SIGTERM; 0 starts all at once"
                    + " (default: ${DEFAULT-VALUE}).")
    private Duration drainSpread;

    @Option(names = "--drain-concurrency", paramLabel = "N", defaultValue = "0", converter = Numbers.Cap.class,
            description = "How many connections may be in shutdown at once on SIGTERM; 0: any number"
                    + " (default: ${DEFAULT-VALUE}).")
    private int drainConcurrency;

    @Override
    public Integer call() throws Exception {
        Log log = new Log(command.commandLine().getErr());
        DrainPolicy policy = drainPolicy();
        Transport.Listener listener = listener(transport.transport());
        if (metricsPort == null) {
            return serve(listener, policy, ShutdownObserver.none(), log);
        }
        try (MetricsServer metrics = new MetricsServer(metricsPort)) {
            log.say("metrics: " + metrics.address());
            return serve(listener, policy, metrics.observer(), log);
        }
    }

    private int serve(Transport.Listener listener, DrainPolicy policy, ShutdownObserver observer, Log log)
            throws IOException, InterruptedException {
        JsonLines lines = new JsonLines(command.commandLine().getOut());
        Server server = listener.listen(app, report -> lines.write(report.line()), observer, log, host, port);
        drainOnSignal(server, policy);
        Map<String, Object> listening = new LinkedHashMap<>();
        listening.put("event", "listening");
        listening.put("port", server.port());
        lines.write(listening);
        server.awaitEnd();
        return 0;
    }

    private Transport.Listener listener(Transport chosen) throws SSLException {
        if (certificate == null && key == null) {
            return chosen.listener(null);
        }
        if (certificate == null || key == null) {
            throw new ParameterException(command.commandLine(), certificate == null
                    ? "--key: " + key + " (expected: --cert as well)"
                    : "--cert: " + certificate + " (expected: --key as well)");
        }
        try {
            return chosen.listener(new KeyFiles(certificate, key));
        } catch (IllegalArgumentException | SSLException e) {
            throw new ParameterException(command.commandLine(), "--cert, --key: " + certificate + ", " + key
                    + " (expected: a PEM certificate chain and its PEM private key in PKCS#8; "
                    + Failures.describe(e) + ')', e);
        }
    }

    private DrainPolicy drainPolicy() {
        try {
            return DrainPolicy.atOnce().toBuilder()
                    .deadline(drainTimeout).spread(drainSpread).concurrency(drainConcurrency).build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--drain-spread: " + drainSpread.toMillis()
                    + " (expected: within --drain-timeout " + drainTimeout.toMillis() + " ms)", e);
        }
    }

    /** Ends the process from within its shutdown hook, which replaces the exit code of the signal by ours. */
    private static void drainOnSignal(Server server, DrainPolicy policy) {
        Runtime runtime = Runtime.getRuntime();
        runtime.addShutdownHook(new Thread(() -> runtime.halt(server.drain(policy) == 0 ? 0 : 1), "drain"));
    }
}
