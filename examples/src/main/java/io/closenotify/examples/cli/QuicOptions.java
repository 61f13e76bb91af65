package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.StreamFlush;
import io.netty.incubator.codec.quic.Quic;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How to speak QUIC, and how to end a connection by it. */
@OnlyFor(Protocol.QUIC)
@SuppressWarnings("NullAway.Init")
final class QuicOptions {

    @Option(names = "--error", paramLabel = "CODE", defaultValue = "0", converter = Numbers.ErrorCode.class,
            description = "QUIC: the application's error code to close with, 0 to 2^62 - 1, also as 0x…"
                    + " (default: ${DEFAULT-VALUE}).")
    private long error;

    @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "",
            description = "QUIC: the reason to close with (default: none).")
    private String reason;

    @Option(names = "--rapid", description = "QUIC: send one CONNECTION_CLOSE and be done, without a closing period.")
    private boolean rapid;

    @Option(names = "--no-stream-flush",
            description = "QUIC: close without waiting until all that was written is acknowledged.")
    private boolean noStreamFlush;

    @Option(names = "--wait-peer",
            description = "QUIC: shut down by waiting for the peer to close, at most --peer-timeout.")
    private boolean waitPeer;

    /** All that was chosen, with the library's own timeouts where none is given. */
    QuicTransport transport(CommandLine command, List<String> alpn, Duration idleTimeout,
            @Nullable Duration flushTimeout, @Nullable Duration peerTimeout) {
        requireCodec(command);
        return new QuicTransport(
                QuicContexts.offering(alpn), policy(command, flushTimeout, peerTimeout), idleTimeout);
    }

    static void requireCodec(CommandLine command) {
        if (!Quic.isAvailable()) {
            throw new ParameterException(command,
                    "--protocol: quic (expected: tls or dtls; the QUIC codec cannot be loaded here)");
        }
    }

    private QuicShutdownPolicy policy(CommandLine command, @Nullable Duration flushTimeout,
            @Nullable Duration peerTimeout) {
        QuicShutdownPolicy.Builder builder = QuicShutdownPolicy.of(mode(command)).toBuilder()
                .close(QuicConnectionClose.application(error, reason))
                .streamFlush(noStreamFlush ? StreamFlush.NONE : StreamFlush.ACKNOWLEDGED);
        if (flushTimeout != null) {
            builder.flushTimeout(flushTimeout);
        }
        if (peerTimeout != null) {
            builder.peerTimeout(peerTimeout);
        }
        return builder.build();
    }

    private QuicShutdownMode mode(CommandLine command) {
        if (rapid && waitPeer) {
            throw new ParameterException(command,
                    "--rapid: with --wait-peer there is no close to be rapid about (expected: one of the two)");
        }
        if (rapid) {
            return QuicShutdownMode.RAPID;
        }
        return waitPeer ? QuicShutdownMode.WAIT_PEER : QuicShutdownMode.COMPLIANT;
    }
}
