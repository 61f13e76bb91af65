package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TransportPolicy;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How to speak TLS, and what only a stream can do about its end. */
@OnlyFor(Protocol.TLS)
@SuppressWarnings("NullAway.Init")
final class TlsOptions {

    @Option(names = "--tls", paramLabel = "1.2|1.3", description = "TLS: the only version to offer (default: both).")
    private @Nullable TlsVersion version;

    @Option(names = "--defer-timeout", paramLabel = "MS", defaultValue = "30000", converter = Numbers.Millis.class,
            description = "TLS: how long our close_notify may be deferred; 0 waits without end"
                    + " (default: ${DEFAULT-VALUE}).")
    private Duration deferTimeout;

    @Option(names = "--after-tls", paramLabel = "echo",
            description = "TLS: keep TCP when TLS has ended by both close_notify, and send everything back in plaintext"
                    + " until the peer ends its side; connect does not wait longer for it than --peer-timeout.")
    private @Nullable AfterTlsChoice afterTls;

    TlsTransport transport(CommandLine command, Provider provider, List<String> alpn, ShutdownPolicy common) {
        List<TlsVersion> versions = version == null ? List.of(TlsVersion.values()) : List.of(version);
        return new TlsTransport(new TlsContexts(provider, versions, alpn), policy(command, common));
    }

    private ShutdownPolicy policy(CommandLine command, ShutdownPolicy common) {
        if (afterTls != null && common.mode() != ShutdownMode.BIDIRECTIONAL) {
            throw new ParameterException(command, "--after-tls: " + Labels.of(afterTls) + " with --mode "
                    + Labels.of(common.mode()) + " (expected: --mode bidirectional)");
        }
        return common.toBuilder()
                .deferTimeout(deferTimeout)
                .transport(afterTls == null ? TransportPolicy.CLOSE : TransportPolicy.KEEP)
                .build();
    }
}
