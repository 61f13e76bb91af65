package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.examples.probe.Prober;
import io.closenotify.examples.probe.dtls.DtlsProber;
import io.closenotify.examples.probe.quic.QuicProber;
import io.closenotify.examples.probe.tls.Requests;
import io.closenotify.examples.probe.tls.TlsProber;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
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

    @Option(names = "--request", paramLabel = "TEXT|@FILE", converter = RequestBytes.Converter.class,
            description = "What to ask the peer, with \\r, \\n and \\\\ in TEXT; it should close behind its answer"
                    + " (default: HTTP's GET /, or what suits --starttls; DTLS: none; QUIC: GET / for h3).")
    private @Nullable RequestBytes request;

    @Option(names = "--insecure",
            description = "Do not even tell whether the certificate is trusted, which TLS does: the audit goes on in"
                    + " any case.")
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
        byte[] asked = request == null ? null : request.toArray();
        return switch (protocol) {
            case TLS -> new TlsProber(contexts(line, new TlsContexts(engine.provider(line), tls.versions(), alpn)),
                    insecure ? (chain, host) -> null : PeerCertificates::doubt,
                    asked == null ? null : Requests.of(asked), tls.startTls(), patience);
            case DTLS -> {
                engine.requireJdk(line);
                yield new DtlsProber(dtls(), patience, asked);
            }
            case QUIC -> {
                QuicOptions.requireCodec(line);
                QuicContexts contexts = QuicContexts.offering(alpn);
                yield new QuicProber((host, keys) -> contexts.client(keys), patience, asked);
            }
        };
    }

    private Supplier<DtlsHandlerBuilder> dtls() {
        try {
            SSLContext context = DtlsContexts.client(Trust.ANYONE);
            return () -> DtlsHandler.builder(context).sslParameters(
                    parameters -> parameters.setApplicationProtocols(alpn.toArray(String[]::new)));
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
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
