package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import io.closenotify.examples.probe.Prober;
import io.closenotify.examples.probe.tls.Requests;
import io.closenotify.examples.probe.tls.TlsProber;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** By what to audit, and what to say to the peers. */
@SuppressWarnings("NullAway.Init")
final class ProbeOptions {

    @Spec(Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--protocol", paramLabel = "tls|dtls|quic", defaultValue = "tls",
            description = "The protocol (default: ${DEFAULT-VALUE}).")
    private Protocol protocol;

    @Option(names = "--alpn", paramLabel = "NAME", split = ",",
            description = "Application protocols to offer, the preferred one first (default: none; QUIC: closenotify).")
    private List<String> alpn = List.of();

    @Option(names = "--request", paramLabel = "TEXT|@FILE", converter = RequestConverter.class,
            description = "What to ask the peer, with \\r, \\n and \\\\ in TEXT; it should close behind its answer"
                    + " (default: HTTP's GET /, or what suits --starttls).")
    private byte @Nullable [] request;

    @Option(names = "--insecure",
            description = "Do not even tell whether the certificate is trusted: the audit goes on in any case.")
    private boolean insecure;

    @Option(names = "--patience", paramLabel = "MS", defaultValue = "3000", converter = Numbers.Millis.class,
            description = "How long a peer may take for each thing that it should do (default: ${DEFAULT-VALUE}).")
    private Duration patience;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private ProbeTlsOptions tls;

    Protocol protocol() {
        return protocol;
    }

    /** All that was chosen. */
    Prober prober() {
        CommandLine line = command.commandLine();
        TransportOptions.refuseForeignOptions(line, protocol);
        TransportOptions.refuseBadNames(line, alpn);
        if (patience.isZero()) {
            throw new ParameterException(line, "--patience: 0 (expected: 1 ms or more)");
        }
        return switch (protocol) {
            case TLS -> new TlsProber(contexts(line, new TlsContexts(engine.provider(line), tls.versions(), alpn)),
                    insecure ? (chain, host) -> null : PeerCertificates::doubt,
                    request == null ? null : Requests.of(request), tls.startTls(), patience);
            case DTLS, QUIC -> throw new ParameterException(line, "--protocol: " + Labels.of(protocol)
                    + " (expected: tls)");
        };
    }

    private static TlsProber.Contexts contexts(CommandLine line, TlsContexts contexts) {
        TlsProber.Contexts trusting = () -> contexts.client(Trust.ANYONE);
        try {
            trusting.create();
        } catch (IllegalArgumentException | SSLException e) {
            throw new ParameterException(line, "--provider, --tls, --alpn: " + Failures.describe(e), e);
        }
        return trusting;
    }
}
