package io.closenotify.examples.cli;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How to end a connection by close_notify. */
@OnlyFor({Protocol.TLS, Protocol.DTLS})
@SuppressWarnings("NullAway.Init")
final class PolicyOptions {

    @Option(names = "--mode", paramLabel = "bidirectional|fast|quiet", defaultValue = "bidirectional",
            description = "TLS, DTLS: how far a shutdown goes (default: ${DEFAULT-VALUE}).")
    private ShutdownMode mode;

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
        return builder.linger(linger).inboundCap(inboundCap).build();
    }
}
