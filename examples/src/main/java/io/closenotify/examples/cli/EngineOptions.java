package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Whose TLS or DTLS to speak. */
@OnlyFor({Protocol.TLS, Protocol.DTLS})
@SuppressWarnings("NullAway.Init")
final class EngineOptions {

    @Option(names = "--provider", paramLabel = "jdk|openssl", defaultValue = "jdk",
            description = "TLS: the engine; DTLS: jdk, the only one (default: ${DEFAULT-VALUE}).")
    private Provider provider;

    Provider provider(CommandLine command) {
        if (!provider.isAvailable()) {
            throw new ParameterException(command,
                    "--provider: " + Labels.of(provider) + " (expected: jdk; BoringSSL cannot be loaded here)");
        }
        return provider;
    }

    void requireJdk(CommandLine command) {
        if (provider != Provider.JDK) {
            throw new ParameterException(command, "--provider: " + Labels.of(provider)
                    + " (expected: jdk, the only one for --protocol dtls)");
        }
    }
}
