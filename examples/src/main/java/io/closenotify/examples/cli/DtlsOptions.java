package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import io.closenotify.ShutdownPolicy;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Option;

/** How to speak DTLS. */
@OnlyFor(Protocol.DTLS)
@SuppressWarnings("NullAway.Init")
final class DtlsOptions {

    @Option(names = "--mtu", paramLabel = "BYTES", defaultValue = "1400", converter = Numbers.Mtu.class,
            description = "DTLS: the largest datagram to send; what is written is split into messages that fit; a"
                    + " client needs some 350 for its ClientHello (default: ${DEFAULT-VALUE}).")
    private int mtu;

    @Option(names = "--handshake-timeout", paramLabel = "MS", defaultValue = "10000", converter = Numbers.Millis.class,
            description = "DTLS: how long the handshake may take, lost flights are sent again meanwhile; 0 waits"
                    + " without end (default: ${DEFAULT-VALUE}).")
    private Duration handshakeTimeout;

    DtlsTransport transport(List<String> alpn, ShutdownPolicy policy, Duration idleTimeout) {
        return new DtlsTransport(alpn, policy, mtu, handshakeTimeout, idleTimeout);
    }
}
