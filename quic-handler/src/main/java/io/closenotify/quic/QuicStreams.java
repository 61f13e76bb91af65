package io.closenotify.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.incubator.codec.quic.DefaultQuicStreamFrame;
import io.netty.incubator.codec.quic.QuicStreamChannel;

/**
 * Ends single streams: what {@code SSL_stream_conclude(3)} and {@code SSL_stream_reset(3)} are to OpenSSL. A stream is
 * not shut down; only a connection is.
 *
 * <p><b>Threading.</b> Any thread.
 *
 * <p><b>Specification.</b> RFC 9000, sections 19.4 (RESET_STREAM) and 19.8 (FIN).
 */
public final class QuicStreams {

    private QuicStreams() {
    }

    /**
     * Concludes our part of a stream: FIN behind everything written so far. {@code shutdownOutput()} and
     * {@code close()} of the stream channel overtake data that the codec has not taken yet, and the peer sees a proper
     * end of half a message.
     *
     * <p>Where the last data is at hand, {@link #conclude(QuicStreamChannel, ByteBuf)} is to be preferred: quiche does
     * not repeat a lost FIN that travelled alone, on a one-way stream of which all data is acknowledged.
     *
     * @param stream the stream
     * @return completes when the codec has taken everything and the FIN; acknowledged it is when a shutdown's flush is
     */
    public static ChannelFuture conclude(QuicStreamChannel stream) {
        return conclude(stream, Unpooled.EMPTY_BUFFER);
    }

    /**
     * Writes the last data of our part of a stream and concludes it: the FIN travels with the data.
     *
     * @param stream the stream
     * @param last the last data; released in any case
     * @return completes when the codec has taken everything and the FIN
     */
    public static ChannelFuture conclude(QuicStreamChannel stream, ByteBuf last) {
        return stream.writeAndFlush(new DefaultQuicStreamFrame(last, true));
    }

    /**
     * Resets our part of a stream: what is not yet acknowledged may be lost, later writes fail, and a shutdown does not
     * wait for it.
     *
     * @param stream the stream
     * @param errorCode the application's error code, 0 to {@link QuicConnectionClose#MAX_ERROR_CODE}
     * @return completes when RESET_STREAM was handed to the codec
     * @throws IllegalArgumentException if the error code is out of its range
     */
    public static ChannelFuture reset(QuicStreamChannel stream, long errorCode) {
        QuicConnectionClose.requireErrorCode(errorCode);
        ChannelPromise promise = stream.newPromise();
        if (stream.eventLoop().inEventLoop()) {
            reset(stream, errorCode, promise);
        } else {
            stream.eventLoop().execute(() -> reset(stream, errorCode, promise));
        }
        return promise;
    }

    private static void reset(QuicStreamChannel stream, long errorCode, ChannelPromise promise) {
        new QuicheConnection(stream.parent()).resetStream(stream.streamId(), errorCode);
        // The code is taken from the first reset; this one brings the channel's own state up to date, and sends.
        stream.shutdownOutput(0, promise);
    }
}
