package io.closenotify.examples.cli;

import io.closenotify.PeerClosePolicy;
import io.closenotify.Protocol;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TransportPolicy;
import io.closenotify.TruncationPolicy;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every mode on every engine and version: data goes there and back, then the client shuts down. And what a policy can
 * change about it: a request together with close_notify, and a connection that outlives TLS.
 */
final class TlsDemo {

    private static final int BYTES = 32 * 1024;
    private static final int REQUEST = 100;
    private static final int ANSWER = 2 << 20;

    private TlsDemo() {
    }

    static List<DemoCase> cases(Log log) {
        // The end without close_notify is part of the demonstration: reported, not raised.
        ShutdownPolicy answering = ShutdownPolicy.bidirectional().toBuilder()
                .onTruncation(TruncationPolicy.REPORT)
                .build();
        App echo = new AppConverter().convert("echo");
        List<DemoCase> cases = new ArrayList<>();
        for (Provider provider : Provider.values()) {
            if (!provider.isAvailable()) {
                log.say("demo: " + Labels.of(provider) + " cannot be loaded here and is left out");
                continue;
            }
            for (TlsVersion version : TlsVersion.values()) {
                TlsContexts contexts = new TlsContexts(provider, List.of(version), List.of());
                for (ShutdownMode mode : ShutdownMode.values()) {
                    cases.add(combination(provider, version, mode, null,
                            new TlsTransport(contexts, answering), echo,
                            new TlsTransport(contexts, ShutdownPolicy.of(mode)), new DemoApp(BYTES, BYTES, true),
                            (client, server) -> specification(mode).problem(client, server, BYTES, BYTES)));
                }
                cases.add(defer(provider, version, contexts, answering));
                cases.add(keep(provider, version, contexts, echo));
            }
        }
        return cases;
    }

    private static DemoCase combination(Provider provider, TlsVersion version, ShutdownMode mode,
            @Nullable String variant, TlsTransport server, App serverApp, TlsTransport client, App clientApp,
            DemoSpecification specification) {
        return new DemoCase(Protocol.TLS, version.label(), Labels.of(provider), Labels.of(mode), variant, server,
                serverApp, client, clientApp, true, specification);
    }

    /** A request and close_notify back to back: the answer comes in full, and close_notify behind it. */
    private static DemoCase defer(Provider provider, TlsVersion version, TlsContexts contexts,
            ShutdownPolicy answering) {
        ShutdownPolicy deferring = answering.toBuilder().onPeerCloseNotify(PeerClosePolicy.DEFER).build();
        return combination(provider, version, ShutdownMode.BIDIRECTIONAL, Labels.of(PeerClosePolicy.DEFER),
                new TlsTransport(contexts, deferring), new DemoAnswer(ANSWER),
                new TlsTransport(contexts, ShutdownPolicy.bidirectional()), new DemoApp(REQUEST, 0, true),
                (client, server) -> specification(ShutdownMode.BIDIRECTIONAL)
                        .problem(client, server, REQUEST, ANSWER));
    }

    /** TLS ends by both alerts, and the same connection goes on in plaintext. */
    private static DemoCase keep(Provider provider, TlsVersion version, TlsContexts contexts, App echo) {
        ShutdownPolicy keeping =
                ShutdownPolicy.bidirectional().toBuilder().transport(TransportPolicy.KEEP).build();
        DemoPlaintext plaintext = new DemoPlaintext(BYTES);
        return combination(provider, version, ShutdownMode.BIDIRECTIONAL, Labels.of(TransportPolicy.KEEP),
                new TlsTransport(contexts, keeping), echo,
                new TlsTransport(contexts, keeping, plaintext::install), new DemoApp(BYTES, BYTES, true),
                (client, server) -> {
                    String problem = specification(ShutdownMode.BIDIRECTIONAL).problem(client, server, BYTES, BYTES);
                    return problem == null ? plaintext.problem() : problem;
                });
    }

    /** What is specified for a mode that the client shuts down in. */
    static CloseNotifySpecification specification(ShutdownMode mode) {
        return switch (mode) {
            // Both alerts, seen by both.
            case BIDIRECTIONAL -> new CloseNotifySpecification(
                    EnumSet.of(ShutdownResult.CLEAN), EnumSet.of(ShutdownResult.CLEAN), true, true);
            // The client does not wait, but its linger may see the answer all the same.
            case FAST -> new CloseNotifySpecification(
                    EnumSet.of(ShutdownResult.UNIDIRECTIONAL, ShutdownResult.CLEAN),
                    EnumSet.of(ShutdownResult.CLEAN), true, false);
            // No alert: the server cannot tell the end from an attack, and says so.
            case QUIET -> new CloseNotifySpecification(
                    EnumSet.of(ShutdownResult.QUIET), EnumSet.of(ShutdownResult.TRUNCATED), false, false);
        };
    }
}
