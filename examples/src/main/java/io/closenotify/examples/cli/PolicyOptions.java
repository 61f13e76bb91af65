package io.closenotify.examples.cli;

import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TransportPolicy;
import io.closenotify.TruncationPolicy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How to end a connection by TLS. */
@OnlyFor(Protocol.TLS)
@SuppressWarnings("NullAway.Init")
final class PolicyOptions {

    @Option(names = "--mode", paramLabel = "bidirectional|fast|quiet", defaultValue = "bidirectional",
            description = "TLS: how far a shutdown goes (default: ${DEFAULT-VALUE}).")
    private ShutdownMode mode;

    @Option(names = "--on-peer-close", paramLabel = "respond|defer", defaultValue = "respond",
            description = "TLS: what to do when the peer closes first: answer its close_notify once what came before it"
                    + " has been handled, or not before all of ours has been sent (default: ${DEFAULT-VALUE}).")
    private PeerClosePolicy onPeerClose;

    @Option(names = "--defer-timeout", paramLabel = "MS", defaultValue = "30000", converter = Numbers.Millis.class,
            description = "TLS: how long our close_notify may be deferred; 0 waits without end"
                    + " (default: ${DEFAULT-VALUE}).")
    private Duration deferTimeout;

    @Option(names = "--after-tls", paramLabel = "echo",
            description = "TLS: keep TCP when TLS has ended by both close_notify, and send everything back in plaintext"
                    + " until the peer ends its side; connect does not wait longer for it than --peer-timeout.")
    private @Nullable AfterTlsChoice afterTls;

    @Option(names = "--on-truncation", paramLabel = "fail|report|ignore", defaultValue = "fail",
            description = "TLS: what the end of input without close_notify means (default: ${DEFAULT-VALUE}).")
    private TruncationPolicy onTruncation;

    @Option(names = "--linger", paramLabel = "MS", defaultValue = "2000", converter = Numbers.Millis.class,
            description = "TLS: how long to discard late input behind our FIN until the peer's; 0 closes at once"
                    + " (default: ${DEFAULT-VALUE}).")
    private Duration linger;

    @Option(names = "--inbound-cap", paramLabel = "BYTES", defaultValue = "16777216", converter = Numbers.Bytes.class,
            description = "TLS: how much data to accept after our close_notify (default: ${DEFAULT-VALUE}).")
    private long inboundCap;

    /** The policy, with the library's own timeouts where none is given. */
    ShutdownPolicy policy(CommandLine command, @Nullable Duration flushTimeout, @Nullable Duration peerTimeout) {
        if (afterTls != null && mode != ShutdownMode.BIDIRECTIONAL) {
            throw new ParameterException(command, "--after-tls: " + Labels.of(afterTls) + " with --mode "
                    + Labels.of(mode) + " (expected: --mode bidirectional)");
        }
        ShutdownPolicy.Builder builder = ShutdownPolicy.of(mode).toBuilder();
        if (flushTimeout != null) {
            builder.flushTimeout(flushTimeout);
        }
        if (peerTimeout != null) {
            builder.peerTimeout(peerTimeout);
        }
        return builder
                .onPeerCloseNotify(onPeerClose)
                .deferTimeout(deferTimeout)
                .transport(afterTls == null ? TransportPolicy.CLOSE : TransportPolicy.KEEP)
                .onTruncation(onTruncation)
                .linger(linger)
                .inboundCap(inboundCap)
                .build();
    }
}
