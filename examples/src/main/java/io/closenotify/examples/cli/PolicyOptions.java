package io.closenotify.examples.cli;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TruncationPolicy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How to end a connection by TLS. */
@OnlyFor(Protocol.TLS)
@SuppressWarnings("NullAway.Init")
final class PolicyOptions {

    @Option(names = "--mode", paramLabel = "bidirectional|fast|quiet", defaultValue = "bidirectional",
            description = "TLS: how far a shutdown goes (default: ${DEFAULT-VALUE}).")
    private ShutdownMode mode;

    @Option(names = "--on-peer-close", paramLabel = "respond", defaultValue = "respond",
            description = "TLS: what to do when the peer closes first (default: ${DEFAULT-VALUE}).")
    private PeerCloseChoice onPeerClose;

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
    ShutdownPolicy policy(@Nullable Duration flushTimeout, @Nullable Duration peerTimeout) {
        ShutdownPolicy.Builder builder = switch (onPeerClose) {
            case RESPOND -> ShutdownPolicy.of(mode).toBuilder();
        };
        if (flushTimeout != null) {
            builder.flushTimeout(flushTimeout);
        }
        if (peerTimeout != null) {
            builder.peerTimeout(peerTimeout);
        }
        return builder
                .onTruncation(onTruncation)
                .linger(linger)
                .inboundCap(inboundCap)
                .build();
    }
}
