package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import picocli.CommandLine.Option;

/** What {@code connect} does with its stream, where the protocol has streams. */
@OnlyFor(Protocol.QUIC)
final class StreamOptions {

    @Option(names = "--conclude",
            description = "QUIC: end the stream (FIN) with the last data of --send. With '--send -' what was read last"
                    + " waits for more, or for the end of stdin.")
    private boolean conclude;

    boolean conclude() {
        return conclude;
    }
}
