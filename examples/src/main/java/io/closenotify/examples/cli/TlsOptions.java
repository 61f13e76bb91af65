package io.closenotify.examples.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How to speak TLS. */
@OnlyFor(Protocol.TLS)
@SuppressWarnings("NullAway.Init")
final class TlsOptions {

    @Option(names = "--provider", paramLabel = "jdk|openssl", defaultValue = "jdk",
            description = "TLS: the engine (default: ${DEFAULT-VALUE}).")
    private Provider provider;

    @Option(names = "--tls", paramLabel = "1.2|1.3", description = "TLS: the only version to offer (default: both).")
    private @Nullable TlsVersion version;

    TlsContexts contexts(CommandLine command, List<String> alpn) {
        if (!provider.isAvailable()) {
            throw new ParameterException(command,
                    "--provider: " + Labels.of(provider) + " (expected: jdk; BoringSSL cannot be loaded here)");
        }
        return new TlsContexts(provider, version == null ? List.of(TlsVersion.values()) : List.of(version), alpn);
    }
}
