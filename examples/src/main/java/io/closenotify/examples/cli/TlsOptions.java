package io.closenotify.examples.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How to speak TLS: the options that {@code serve} and {@code connect} share. */
@SuppressWarnings("NullAway.Init")
final class TlsOptions {

    private static final int MAX_ALPN_NAME = 255;

    @Spec(Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--protocol", paramLabel = "tls", defaultValue = "tls",
            description = "The protocol (default: ${DEFAULT-VALUE}).")
    private Protocol protocol;

    @Option(names = "--provider", paramLabel = "jdk|openssl", defaultValue = "jdk",
            description = "The TLS engine (default: ${DEFAULT-VALUE}).")
    private Provider provider;

    @Option(names = "--tls", paramLabel = "1.2|1.3", description = "The only TLS version to offer (default: both).")
    private @Nullable TlsVersion version;

    @Option(names = "--alpn", paramLabel = "NAME", split = ",",
            description = "Application protocols to offer, the preferred one first.")
    private List<String> alpn = List.of();

    Protocol protocol() {
        return protocol;
    }

    TlsContexts contexts() {
        if (!provider.isAvailable()) {
            throw new ParameterException(command.commandLine(),
                    "--provider: " + Labels.of(provider) + " (expected: jdk; BoringSSL cannot be loaded here)");
        }
        for (String name : alpn) {
            if (name.isEmpty() || name.length() > MAX_ALPN_NAME) {
                throw new ParameterException(command.commandLine(),
                        "--alpn: '" + name + "' (expected: names of 1 to " + MAX_ALPN_NAME + " characters)");
            }
        }
        return new TlsContexts(provider, version == null ? List.of(TlsVersion.values()) : List.of(version), alpn);
    }
}
