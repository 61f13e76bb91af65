package io.closenotify.examples.cli;

import io.netty.incubator.codec.quic.QuicCodecBuilder;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** What the codecs of clients and servers have in common. */
final class QuicCodecs {

    private static final long CONNECTION_WINDOW = 8 * 1024 * 1024;
    private static final long STREAM_WINDOW = 1024 * 1024;
    private static final long STREAMS = 100;

    private QuicCodecs() {
    }

    /** Allows the peer streams of each kind, and enough data on them. */
    static <B extends QuicCodecBuilder<B>> B configured(B codec, Duration idleTimeout) {
        return codec
                .maxIdleTimeout(idleTimeout.toMillis(), TimeUnit.MILLISECONDS)
                .initialMaxData(CONNECTION_WINDOW)
                .initialMaxStreamDataBidirectionalLocal(STREAM_WINDOW)
                .initialMaxStreamDataBidirectionalRemote(STREAM_WINDOW)
                .initialMaxStreamDataUnidirectional(STREAM_WINDOW)
                .initialMaxStreamsBidirectional(STREAMS)
                .initialMaxStreamsUnidirectional(STREAMS);
    }
}
