package io.closenotify.examples.cli;

import io.closenotify.ShutdownResult;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
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
    "Exit 0 if every connection ended clean, unidirectional or quiet, else 1."})
@SuppressWarnings("NullAway.Init")
final class ConnectCommand implements Callable<Integer> {

    private static final Set<ShutdownResult> GOOD =
            EnumSet.of(ShutdownResult.CLEAN, ShutdownResult.UNIDIRECTIONAL, ShutdownResult.QUIET);

    @Spec
    private CommandSpec command;

    @Mixin
    private TlsOptions tls;

    @Mixin
    private PolicyOptions policy;

    @Parameters(paramLabel = "HOST:PORT", converter = HostAndPort.Converter.class, description = "Where to connect to.")
    private HostAndPort target;

    @Option(names = "--cert", paramLabel = "PEM", converter = ReadableFile.class,
            description = "The only certificates to trust (default: the trust store of the JVM).")
    private @Nullable File trusted;

    @Option(names = "--insecure", description = "Trust any certificate and any name in it.")
    private boolean insecure;

    @Option(names = "--send", paramLabel = "BYTES|@FILE|-", converter = Payload.Converter.class,
            description = "What to send: so many bytes of filler, a file, or stdin until its end.")
    private @Nullable Payload send;

    @Option(names = "--receive", paramLabel = "FILE",
            description = "Where to write what arrives. Without --send this waits for the peer to close.")
    private @Nullable File receive;

    @Option(names = "--no-read", description = "Read nothing before the shutdown (autoRead off).")
    private boolean noRead;

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
        SslContext context = context();
        EventLoopGroup loop = new NioEventLoopGroup(1);
        try (OutputStream received = openReceived()) {
            boolean good = true;
            for (int session = 0; session < sessions; session++) {
                good &= converse(context, loop, received);
            }
            return good ? 0 : 1;
        } finally {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    private SslContext context() throws SSLException {
        TlsContexts contexts = tls.contexts();
        if (insecure) {
            return contexts.insecureClient();
        }
        try {
            return contexts.client(trusted);
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

    private boolean converse(SslContext context, EventLoopGroup loop, @Nullable OutputStream received)
            throws Exception {
        JsonLines lines = new JsonLines(command.commandLine().getOut());
        Log log = new Log(command.commandLine().getErr());
        Conversation conversation = new Conversation(send, received, log);
        CompletableFuture<ConnectionReport> reported = new CompletableFuture<>();
        Channel channel = connect(loop, new TlsInitializer(
                client -> context.newHandler(client.alloc(), target.host(), target.port()),
                policy.policy(),
                pipeline -> pipeline.addLast(conversation),
                report -> {
                    lines.write(report.shutdownLine(tls.protocol()));
                    reported.complete(report);
                },
                log));
        ConnectionReport report = reported.get();
        // The linger goes on behind the line: leaving earlier would make the kernel answer late data with RST.
        channel.closeFuture().await();
        boolean good = GOOD.contains(report.outcome().result()) && !conversation.failed();
        if (good && !conversation.sentAll()) {
            log.say("--send: the connection ended before all of it was sent (" + report.bytesWritten()
                    + " bytes were)");
            return false;
        }
        return good;
    }

    private Channel connect(EventLoopGroup loop, TlsInitializer initializer) throws IOException {
        ChannelFuture connected = new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.AUTO_READ, !noRead)
                .handler(initializer)
                .connect(target.host(), target.port())
                .awaitUninterruptibly();
        if (!connected.isSuccess()) {
            throw new IOException("cannot connect to " + target + ": " + Failures.describe(connected.cause()),
                    connected.cause());
        }
        return connected.channel();
    }
}
