package io.closenotify.examples.cli;

import io.closenotify.PeerClosePolicy;
import io.closenotify.Protocol;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TruncationPolicy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How to end a connection by close_notify. */
@OnlyFor({Protocol.TLS, Protocol.DTLS})
@SuppressWarnings("NullAway.Init")
final class PolicyOptions {

    @Option(names = "--mode", paramLabel = "bidirectional|fast|quiet", defaultValue = "bidirectional",
            description = "TLS, DTLS: how far a shutdown goes (default: ${DEFAULT-VALUE}).")
    private ShutdownMode mode;

    @Option(names = "--on-peer-close", paramLabel = "respond|defer", defaultValue = "respond",
            description = "TLS: what to do when the peer closes first: answer its close_notify once what came before it"
                    + " has been handled, or not before all of ours has been sent; DTLS: respond only"
                    + " (default: ${DEFAULT-VALUE}).")
    private PeerClosePolicy onPeerClose;

    @Option(names = "--on-truncation", paramLabel = "fail|report|ignore", defaultValue = "fail",
            description = "TLS: what the end of input without close_notify means; DTLS knows no end of input"
                    + " (default: ${DEFAULT-VALUE}).")
    private TruncationPolicy onTruncation;

    @Option(names = "--linger", paramLabel = "MS", defaultValue = "2000", converter = Numbers.Millis.class,
            description = "TLS: how long to discard late input behind our FIN until the peer's; DTLS: how long late"
                    + " records are answered by our close_notify; 0 closes at once (default: ${DEFAULT-VALUE}).")
    private Duration linger;

    @Option(names = "--inbound-cap", paramLabel = "BYTES", defaultValue = "16777216", converter = Numbers.Bytes.class,
            description = "TLS, DTLS: how much data to accept after our close_notify (default: ${DEFAULT-VALUE}).")
    private long inboundCap;

    /** The policy, with the library's own timeouts where none is given. */
    ShutdownPolicy policy(@Nullable Duration flushTimeout, @Nullable Duration peerTimeout) {
        ShutdownPolicy.Builder builder = ShutdownPolicy.of(mode).toBuilder();
        if (flushTimeout != null) {
            builder.flushTimeout(flushTimeout);
        }
        if (peerTimeout != null) {
            builder.peerTimeout(peerTimeout);
        }
        return builder.linger(linger).inboundCap(inboundCap)
                .onPeerCloseNotify(onPeerClose).onTruncation(onTruncation).build();
    }

    /** Over DTLS the engine writes nothing behind the peer's close_notify. */
    void refuseDefer(CommandLine line) {
        if (onPeerClose == PeerClosePolicy.DEFER) {
            throw new ParameterException(line, "--on-peer-close: " + Labels.of(onPeerClose) + " over "
                    + Labels.of(Protocol.DTLS) + " (expected: " + Labels.of(PeerClosePolicy.RESPOND) + ')');
        }
    }
}
