package io.closenotify.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.incubator.codec.quic.QuicStreamChannel;

/** Ends single streams: what {@code SSL_stream_conclude(3)} and {@code SSL_stream_reset(3)} are to OpenSSL. */
@SuppressWarnings("DoNotCallSuggester")
public final class QuicStreams {

    private QuicStreams() {
    }

    /**
     * Concludes the sending part of a stream: FIN behind everything written so far.
     *
     * @param stream the stream
     * @return completes when the codec has taken everything and the FIN
     */
    public static ChannelFuture conclude(QuicStreamChannel stream) {
        throw new UnsupportedOperationException();
    }

    /**
     * Writes the last data of a stream and concludes it.
     *
     * @param stream the stream
     * @param last the last data; released in any case
     * @return completes when the codec has taken everything and the FIN
     */
    public static ChannelFuture conclude(QuicStreamChannel stream, ByteBuf last) {
        throw new UnsupportedOperationException();
    }

    /**
     * Resets the sending part of a stream: what is not yet acknowledged may be lost.
     *
     * @param stream the stream
     * @param errorCode the application's error code, 0 to {@link QuicConnectionClose#MAX_ERROR_CODE}
     * @return completes when the reset is done
     * @throws IllegalArgumentException if the error code is out of its range
     */
    public static ChannelFuture reset(QuicStreamChannel stream, long errorCode) {
        QuicConnectionClose.requireErrorCode(errorCode);
        throw new UnsupportedOperationException();
    }
}
