package io.closenotify.boundary;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameWriter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.util.Arrays;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Http2MessageBoundaryTest {

    private static final int FRAME_HEADER = 9;

    private final Http2FrameWriter writer = new DefaultHttp2FrameWriter();
    private final EmbeddedChannel peer = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
    private final ChannelHandlerContext context = peer.pipeline().firstContext();

    @AfterEach
    void close() {
        writer.close();
        peer.finishAndReleaseAll();
    }

    private byte[] bytes(BiConsumer<Http2FrameWriter, ChannelHandlerContext> frames) {
        frames.accept(writer, context);
        context.flush();
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf next = peer.readOutbound(); next != null; next = peer.readOutbound()) {
            all.writeBytes(next);
            next.release();
        }
        return ByteBufUtil.getBytes(all);
    }

    private byte[] settings() {
        return bytes((w, c) -> w.writeSettings(c, new Http2Settings().maxConcurrentStreams(7), c.newPromise()));
    }

    private byte[] ping() {
        return bytes((w, c) -> w.writePing(c, false, 7, c.newPromise()));
    }

    private byte[] headers(int stream, Http2Headers headers, boolean endOfStream) {
        return bytes((w, c) -> w.writeHeaders(c, stream, headers, 0, endOfStream, c.newPromise()));
    }

    private byte[] data(int stream, boolean endOfStream) {
        return bytes((w, c) -> w.writeData(
                c, stream, Unpooled.copiedBuffer(new byte[20]), 3, endOfStream, c.newPromise()));
    }

    private static Http2Headers request() {
        return new DefaultHttp2Headers().method("POST").path("/").scheme("https").authority("a");
    }

    private static byte[] preface() {
        ByteBuf preface = Http2CodecUtil.connectionPrefaceBuf();
        try {
            return ByteBufUtil.getBytes(preface);
        } finally {
            preface.release();
        }
    }

    private static EmbeddedChannel server() {
        return new EmbeddedChannel(new Http2MessageBoundary(), Http2FrameCodecBuilder.forServer().build());
    }

    /** Has written one request. */
    private static EmbeddedChannel client(boolean complete) {
        Http2ConnectionHandler handler = new Http2ConnectionHandlerBuilder().server(false)
                .frameListener(new Http2FrameAdapter()).build();
        EmbeddedChannel channel = new EmbeddedChannel(new Http2MessageBoundary(), handler);
        ChannelHandlerContext own = channel.pipeline().context(handler);
        assertThat(Wire.boundary(channel).isMessageInFlight()).isFalse();
        handler.encoder().writeHeaders(own, 1, request(), 0, complete, own.newPromise());
        channel.flush();
        return channel;
    }

    @Test
    void requests_are_in_flight_until_their_streams_end() {
        new Wire(false)
                .unfinished(preface()).message(settings())
                .message(headers(1, request(), true))
                .message(ping())
                .unfinished(headers(3, request(), false)).unfinished(data(3, false)).unfinished(ping())
                .unfinished(headers(5, request(), true))
                .unfinished(headers(7, request(), false))
                .unfinished(data(3, true))
                .message(bytes((w, c) -> w.writeRstStream(c, 7, Http2Error.CANCEL.code(), c.newPromise())))
                .message(bytes((w, c) -> w.writeGoAway(c, 0, 0, Unpooled.EMPTY_BUFFER, c.newPromise())))
                .cutEverywhere(Http2MessageBoundaryTest::server);
    }

    @Test
    void a_header_block_is_in_flight_until_it_ends() {
        Http2Headers large = request();
        for (int i = 0; i < 4; i++) {
            large.add("h" + i, "x".repeat(6000));
        }
        byte[] block = headers(1, large, true);
        int first = FRAME_HEADER + Http2CodecUtil.DEFAULT_MAX_FRAME_SIZE;
        assertThat(block.length).as("HEADERS and CONTINUATION").isGreaterThan(first + FRAME_HEADER);

        EmbeddedChannel server = new EmbeddedChannel(
                new Http2MessageBoundary(), Http2FrameCodecBuilder.forServer()
                        .initialSettings(new Http2Settings().maxHeaderListSize(1 << 16)).build());
        server.writeInbound(Unpooled.wrappedBuffer(preface(), settings()));
        assertThat(Wire.boundary(server).isMessageInFlight()).isFalse();
        server.writeInbound(Unpooled.wrappedBuffer(Arrays.copyOf(block, first)));
        assertThat(Wire.boundary(server).isMessageInFlight()).as("between the two frames").isTrue();
        server.writeInbound(Unpooled.wrappedBuffer(Arrays.copyOfRange(block, first, block.length)));
        assertThat(Wire.boundary(server).isMessageInFlight()).isFalse();
        server.finishAndReleaseAll();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_response_is_in_flight_from_its_request_to_the_end_of_its_stream(boolean requestComplete) {
        new Wire(true)
                .unfinished(settings())
                .unfinished(headers(1, new DefaultHttp2Headers().status("103"), false))
                .unfinished(headers(1, new DefaultHttp2Headers().status("200"), false))
                .unfinished(ping()).unfinished(data(1, false))
                .message(data(1, true)).message(ping())
                .cutEverywhere(() -> client(requestComplete));
    }

    @Test
    void without_a_codec_nobody_knows() {
        assertThat(new Http2MessageBoundary().isMessageInFlight()).isTrue();
        EmbeddedChannel none = new EmbeddedChannel(new Http2MessageBoundary());
        none.writeInbound(Unpooled.copiedBuffer(settings()));
        assertThat(Wire.boundary(none).isMessageInFlight()).isTrue();
        none.finishAndReleaseAll();
    }

    @Test
    void everything_passes_untouched() {
        EmbeddedChannel channel = new EmbeddedChannel(new Http2MessageBoundary());
        ByteBuf data = Unpooled.copiedBuffer(settings());
        channel.writeInbound(data, "other");
        assertThat(channel.<Object>readInbound()).isSameAs(data);
        assertThat(channel.<Object>readInbound()).isEqualTo("other");
        assertThat(data.readerIndex()).isZero();
        assertThat(data.refCnt()).isEqualTo(1);
        data.release();
        channel.finishAndReleaseAll();
    }
}
