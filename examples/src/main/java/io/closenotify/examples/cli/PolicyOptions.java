package io.closenotify.examples.cli;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TruncationPolicy;
import java.time.Duration;
import picocli.CommandLine.Option;

/** How to end a connection: the options that {@code serve} and {@code connect} share. */
@SuppressWarnings("NullAway.Init")
final class PolicyOptions {

    @Option(names = "--mode", paramLabel = "bidirectional|fast|quiet", defaultValue = "bidirectional",
            description = "How far a shutdown goes (default: ${DEFAULT-VALUE}).")
    private ShutdownMode mode;

    @Option(names = "--on-peer-close", paramLabel = "respond", defaultValue = "respond",
            description = "What to do when the peer closes first (default: ${DEFAULT-VALUE}).")
    private PeerCloseChoice onPeerClose;

    @Option(names = "--on-truncation", paramLabel = "fail|report|ignore", defaultValue = "fail",
            description = "What the end of input without close_notify means (default: ${DEFAULT-VALUE}).")
    private TruncationPolicy onTruncation;

    @Option(names = "--flush-timeout", paramLabel = "MS", defaultValue = "3000", converter = Numbers.Millis.class,
            description = "How long our data and close_notify may take to reach the kernel; 0 waits without end"
                    + " (default: ${DEFAULT-VALUE}).")
    private Duration flushTimeout;

    @Option(names = "--peer-timeout", paramLabel = "MS", defaultValue = "5000", converter = Numbers.Millis.class,
            description = "How long to wait for the peer's close_notify after ours; 0 waits without end"
                    + " (default: ${DEFAULT-VALUE}).")
    private Duration peerTimeout;

    @Option(names = "--linger", paramLabel = "MS", defaultValue = "2000", converter = Numbers.Millis.class,
            description = "How long to discard late input behind our FIN until the peer's; 0 closes at once"
                    + " (default: ${DEFAULT-VALUE}).")
    private Duration linger;

    @Option(names = "--inbound-cap", paramLabel = "BYTES", defaultValue = "16777216", converter = Numbers.Bytes.class,
            description = "How much data to accept after our close_notify (default: ${DEFAULT-VALUE}).")
    private long inboundCap;

    ShutdownPolicy policy() {
        ShutdownPolicy.Builder builder = switch (onPeerClose) {
            case RESPOND -> ShutdownPolicy.of(mode).toBuilder();
        };
        return builder
                .onTruncation(onTruncation)
                .flushTimeout(flushTimeout)
                .peerTimeout(peerTimeout)
                .linger(linger)
                .inboundCap(inboundCap)
                .build();
    }
}
