package io.closenotify.examples.probe.quic;

import io.netty.buffer.Unpooled;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.closenotify.quic.QuicStreams;

/** A request in the peer's own words. */
final class QuicRequest {

    private QuicRequest() {
    }

    /** Sends bytes on a new stream and ends it. */
    static void send(QuicChannel channel, byte[] bytes) {
        channel.createStream(QuicStreamType.BIDIRECTIONAL, new QuicExchange.Quiet()).addListener(opened -> {
            if (opened.isSuccess()) {
                QuicStreams.conclude((io.netty.incubator.codec.quic.QuicStreamChannel) opened.getNow(),
                        Unpooled.wrappedBuffer(bytes));
            }
        });
    }
}
