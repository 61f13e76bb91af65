package io.closenotify.examples.cli;

import picocli.CommandLine.Option;

/** What {@code connect} can leave to the transport, where that keeps what nobody reads. */
@OnlyFor({Protocol.TLS, Protocol.QUIC})
final class ReadOptions {

    @Option(names = "--no-read", description = "TLS, QUIC: read nothing before the shutdown (autoRead off).")
    private boolean noRead;

    boolean noRead() {
        return noRead;
    }
}
