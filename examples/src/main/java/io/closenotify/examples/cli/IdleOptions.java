package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import java.time.Duration;
import picocli.CommandLine.Option;

/** What stands for the end of a transport that has none. */
@OnlyFor({Protocol.DTLS, Protocol.QUIC})
@SuppressWarnings("NullAway.Init")
final class IdleOptions {

    @Option(names = "--idle-timeout", paramLabel = "MS", defaultValue = "30000", converter = Numbers.Millis.class,
            description = "DTLS: how long nothing may come or go before the connection is shut down; 0 is without end."
                    + " QUIC: how long the peer may be silent before the connection is given up; 0 leaves that to"
                    + " the peer (default: ${DEFAULT-VALUE}).")
    private Duration timeout;

    Duration timeout() {
        return timeout;
    }
}
