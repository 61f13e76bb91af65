package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import io.closenotify.examples.probe.tls.StartTls;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What only an audit of TLS can be told. */
@OnlyFor(Protocol.TLS)
@SuppressWarnings("NullAway.Init")
final class ProbeTlsOptions {

    @Option(names = "--tls", paramLabel = "1.2|1.3", description = "TLS: the only version to offer (default: both).")
    private @Nullable TlsVersion version;

    @Option(names = "--starttls", paramLabel = "none|smtp|imap|ldap|postgres", defaultValue = "none",
            description = "TLS: what is said in plaintext before it begins (default: ${DEFAULT-VALUE}).")
    private StartTls startTls;

    List<TlsVersion> versions() {
        return version == null ? List.of(TlsVersion.values()) : List.of(version);
    }

    StartTls startTls() {
        return startTls;
    }
}
