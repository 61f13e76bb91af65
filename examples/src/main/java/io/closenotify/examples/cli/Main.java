package io.closenotify.examples.cli;

import io.closenotify.PeerClosePolicy;
import io.closenotify.Protocol;
import io.closenotify.ShutdownMode;
import io.closenotify.TruncationPolicy;
import io.closenotify.examples.probe.tls.StartTls;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/** The command line. */
@Command(name = "closenotify", description = "Ends TLS, DTLS and QUIC connections properly, and tells how they ended.",
        versionProvider = Version.class,
        subcommands = {DemoCommand.class, ServeCommand.class, ConnectCommand.class, ProbeCommand.class})
public final class Main {

    @Option(names = {"-h", "--help"}, usageHelp = true, scope = ScopeType.INHERIT, description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    @Option(names = {"-V", "--version"}, versionHelp = true, description = "Show the version.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean version;

    private Main() {
    }

    /**
     * Runs a command and ends the process with its exit code.
     *
     * @param arguments the command and its options
     */
    public static void main(String[] arguments) {
        if (Runtime.version().feature() >= 24 && System.getProperty("io.netty.noUnsafe") == null) {
            // These JDKs warn of sun.misc.Unsafe, and Netty can do without.
            System.setProperty("io.netty.noUnsafe", "true");
        }
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                // '@' belongs to --send.
                .setExpandAtFiles(false)
                .registerConverter(Protocol.class, Choice.of(Protocol.class))
                .registerConverter(Provider.class, Choice.of(Provider.class))
                .registerConverter(TlsVersion.class, Choice.of(TlsVersion.class, TlsVersion::label))
                .registerConverter(ShutdownMode.class, Choice.of(ShutdownMode.class))
                .registerConverter(PeerClosePolicy.class, Choice.of(PeerClosePolicy.class))
                .registerConverter(AfterTlsChoice.class, Choice.of(AfterTlsChoice.class))
                .registerConverter(StartTls.class, Choice.of(StartTls.class))
                .registerConverter(TruncationPolicy.class, Choice.of(TruncationPolicy.class))
                .setParameterExceptionHandler(Main::usageError)
                .setExecutionExceptionHandler(Main::failure);
    }

    private static int usageError(ParameterException error, String[] arguments) {
        CommandLine command = error.getCommandLine();
        new Log(command.getErr()).say(error.getMessage() + "; see '"
                + command.getCommandSpec().qualifiedName() + " --help'");
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }

    private static int failure(Exception failure, CommandLine command, CommandLine.ParseResult arguments) {
        new Log(command.getErr()).say(Failures.describe(failure));
        return command.getCommandSpec().exitCodeOnExecutionException();
    }
}
