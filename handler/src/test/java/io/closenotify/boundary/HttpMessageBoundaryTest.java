package io.closenotify.boundary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.channel.DefaultEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpRequestEncoder;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HttpMessageBoundaryTest {

    private static final String CONTENT_LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello";
    private static final String CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5\r\nhello\r\nb;x=\"y\"\r\n wide world\r\n0\r\nTrailer: t\r\n\r\n";
    private static final String NO_BODY = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private static final String HEAD_RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    private static final String CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
    private static final String EARLY_HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";

    /** A way to set up a client or a server. */
    record Setup(String name, Supplier<List<ChannelHandler>> handlers) {
        EmbeddedChannel open() {
            return new EmbeddedChannel(handlers.get().toArray(ChannelHandler[]::new));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Setup> clients() {
        return Stream.of(
                new Setup("codec", () -> List.of(new HttpClientCodec(), new HttpMessageBoundary())),
                new Setup("codec and aggregator", () -> List.of(
                        new HttpClientCodec(), new HttpMessageBoundary(), new HttpObjectAggregator(1024))),
                new Setup("boundary behind the aggregator", () -> List.of(
                        new HttpClientCodec(), new HttpObjectAggregator(1024), new HttpMessageBoundary())));
    }

    /** With one whose decoder cannot know of HEAD and CONNECT. */
    static Stream<Setup> allClients() {
        return Stream.concat(clients(), Stream.of(new Setup("another codec", () -> List.of(
                new CombinedChannelDuplexHandler<>(
                        new HttpResponseDecoder(new HttpDecoderConfig().setMaxChunkSize(3)), new HttpRequestEncoder()),
                new HttpMessageBoundary()))));
    }

    static Stream<Setup> servers() {
        return Stream.of(
                new Setup("codec", () -> List.of(new HttpServerCodec(), new HttpMessageBoundary())),
                new Setup("codec and aggregator", () -> List.of(
                        new HttpServerCodec(), new HttpMessageBoundary(), new HttpObjectAggregator(1024))),
                new Setup("boundary behind the aggregator", () -> List.of(
                        new HttpServerCodec(), new HttpObjectAggregator(1024), new HttpMessageBoundary())),
                new Setup("decoder", () -> List.of(
                        new HttpRequestDecoder(), new HttpResponseEncoder(), new HttpMessageBoundary())));
    }

    private static Supplier<EmbeddedChannel> having(Setup setup, HttpMethod... written) {
        return () -> {
            EmbeddedChannel channel = setup.open();
            for (HttpMethod method : written) {
                channel.writeOutbound(request(method));
            }
            return channel;
        };
    }

    private static HttpRequest request(HttpMethod method) {
        return new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, method, "/");
    }

    private static void receive(EmbeddedChannel channel, String data) {
        channel.writeInbound(Unpooled.copiedBuffer(Wire.ascii(data)));
    }

    private static boolean inFlight(EmbeddedChannel channel) {
        return Wire.boundary(channel).isMessageInFlight();
    }

    private static EmbeddedChannel client(HttpMethod... written) {
        return having(clients().findFirst().orElseThrow(), written).get();
    }

    private static EmbeddedChannel server() {
        return servers().findFirst().orElseThrow().open();
    }

    @ParameterizedTest
    @MethodSource("allClients")
    void pipelined_responses_are_in_flight_until_the_last_is_whole(Setup setup) {
        new Wire(true)
                .unfinished(CHUNKED).unfinished(CONTENT_LENGTH).unfinished(NO_BODY).message(CHUNKED)
                .cutEverywhere(having(setup, HttpMethod.GET, HttpMethod.POST, HttpMethod.GET, HttpMethod.GET));
    }

    @ParameterizedTest
    @MethodSource("clients")
    void a_response_without_a_body_ends_with_its_header(Setup setup) {
        new Wire(true)
                .unfinished(HEAD_RESPONSE)
                .unfinished("HTTP/1.1 204 No Content\r\nA: b\r\n\r\n")
                .unfinished("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n")
                .message("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                .between("\r\n\r\n")
                .cutEverywhere(having(setup, HttpMethod.HEAD, HttpMethod.GET, HttpMethod.GET, HttpMethod.HEAD));
    }

    @ParameterizedTest
    @MethodSource("allClients")
    void an_interim_response_is_not_the_final_one(Setup setup) {
        new Wire(true).unfinished(CONTINUE).unfinished(EARLY_HINTS).unfinished(EARLY_HINTS).message(CONTENT_LENGTH)
                .cutEverywhere(having(setup, HttpMethod.POST));
    }

    @ParameterizedTest
    @MethodSource("allClients")
    void a_response_that_the_close_delimits_is_never_whole(Setup setup) {
        for (String header : List.of("HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
                "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n")) {
            new Wire(true).unfinished(header + "hello\r\n0\r\n\r\nworld").cutEverywhere(having(setup, HttpMethod.GET));
        }
    }

    @ParameterizedTest
    @MethodSource("allClients")
    void nothing_is_owed_to_requests_behind_the_response_that_says_close(Setup setup) {
        for (String last : List.of("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
                "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi")) {
            new Wire(true).unfinished(CHUNKED).message(last).between("\r\n")
                    .cutEverywhere(having(setup, HttpMethod.GET, HttpMethod.GET, HttpMethod.GET));
        }
    }

    @ParameterizedTest
    @MethodSource("allClients")
    void an_interim_response_that_says_close_does_not_settle_requests(Setup setup) {
        new Wire(true).unfinished("HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n").message(CONTENT_LENGTH)
                .cutEverywhere(having(setup, HttpMethod.POST));
    }

    @ParameterizedTest
    @MethodSource("allClients")
    void a_response_that_nobody_asked_for_is_a_message(Setup setup) {
        new Wire(false)
                .message("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 3\r\n\r\nlog")
                .cutEverywhere(having(setup));
    }

    @ParameterizedTest
    @MethodSource("allClients")
    void between_two_exchanges_nothing_is_in_flight(Setup setup) {
        EmbeddedChannel channel = setup.open();
        for (int i = 0; i < 3; i++) {
            assertThat(inFlight(channel)).isFalse();
            channel.writeOutbound(request(HttpMethod.GET));
            assertThat(inFlight(channel)).isTrue();
            receive(channel, i == 1 ? CHUNKED : CONTENT_LENGTH);
            assertThat(inFlight(channel)).isFalse();
        }
        channel.finishAndReleaseAll();
    }

    @ParameterizedTest
    @MethodSource("clients")
    void behind_101_or_a_connect_that_succeeded_nobody_knows(Setup setup) {
        String upgraded = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ";
        new Wire(true).unfinished(upgraded + "x\r\n\r\n").unfinished("whatever")
                .cutEverywhere(having(setup, HttpMethod.GET));
        new Wire(true).unfinished(upgraded + "TLS/1.2, HTTP/1.1\r\n\r\n").cutEverywhere(having(setup, HttpMethod.GET));
        new Wire(true).unfinished("HTTP/1.1 200 Established\r\n\r\n").unfinished("whatever")
                .cutEverywhere(having(setup, HttpMethod.CONNECT));
        new Wire(true).message("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno")
                .cutEverywhere(having(setup, HttpMethod.CONNECT));
        new Wire(true).unfinished(CONTENT_LENGTH).message("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
                .cutEverywhere(having(setup, HttpMethod.GET, HttpMethod.CONNECT));
    }

    @ParameterizedTest
    @MethodSource("allClients")
    void behind_what_cannot_be_decoded_nobody_knows(Setup setup) {
        new Wire(true).unfinished("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n")
                .cutEverywhere(having(setup, HttpMethod.GET));
        new Wire(true).unfinished("HTTP/1.1 200 OK\r\nno colon\r\n\r\n").cutEverywhere(having(setup, HttpMethod.GET));
        new Wire(false).unfinished("nonsense\r\n\r\n").cutEverywhere(having(setup));
    }

    @ParameterizedTest
    @MethodSource("servers")
    void a_request_is_in_flight_from_its_first_byte_to_its_last(Setup setup) {
        new Wire(false)
                .between("\r\n\r\n")
                .message("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                .message("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
                .between("\r\n")
                .message("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: t\r\n\r\n")
                .message("HEAD / HTTP/1.1\r\n\r\n")
                .message("CONNECT a:1 HTTP/1.1\r\n\r\n")
                .cutEverywhere(having(setup));
    }

    @ParameterizedTest
    @MethodSource("servers")
    void a_request_that_cannot_be_decoded_is_never_whole(Setup setup) {
        new Wire(false).unfinished("POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n").cutEverywhere(having(setup));
        new Wire(false)
                .unfinished("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX\r\n0\r\n\r\n")
                .cutEverywhere(having(setup));
    }

    @Test
    void a_server_that_has_yet_to_answer_awaits_nothing() {
        EmbeddedChannel channel = server();
        receive(channel, "GET / HTTP/1.1\r\n\r\n");
        assertThat(inFlight(channel)).isFalse();
        channel.writeOutbound(response(HttpResponseStatus.OK));
        assertThat(inFlight(channel)).isFalse();
        channel.finishAndReleaseAll();
    }

    @Test
    void a_server_that_has_switched_protocols_does_not_know() {
        EmbeddedChannel channel = server();
        receive(channel, "GET / HTTP/1.1\r\nUpgrade: x\r\n\r\n");
        channel.writeOutbound(response(HttpResponseStatus.CONTINUE));
        assertThat(inFlight(channel)).isFalse();
        channel.writeOutbound(response(HttpResponseStatus.SWITCHING_PROTOCOLS));
        assertThat(inFlight(channel)).isTrue();
        channel.finishAndReleaseAll();
    }

    @Test
    void a_server_that_has_opened_a_tunnel_does_not_know() {
        for (HttpResponseStatus status : List.of(HttpResponseStatus.OK, HttpResponseStatus.FORBIDDEN)) {
            EmbeddedChannel channel = server();
            receive(channel, "CONNECT a:1 HTTP/1.1\r\n\r\n");
            channel.writeOutbound(response(status));
            assertThat(inFlight(channel)).as(status.toString()).isEqualTo(status.equals(HttpResponseStatus.OK));
            channel.finishAndReleaseAll();
        }
    }

    private static FullHttpResponse response(HttpResponseStatus status) {
        return new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status);
    }

    @Test
    void a_server_whose_codec_discards_requests_does_not_know() {
        EmbeddedChannel channel = new EmbeddedChannel(
                new HttpServerCodec(new HttpDecoderConfig(), 1), new HttpMessageBoundary(), new Swallower());
        receive(channel, "GET / HTTP/1.1\r\n\r\n");
        receive(channel, "GET / HTTP/1.1\r\n\r\n");
        assertThat(inFlight(channel)).isTrue();
        channel.finishAndReleaseAll();
    }

    private static final class Swallower extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            assertThat(cause).isInstanceOf(DecoderException.class);
        }
    }

    @Test
    void a_request_whose_write_failed_is_owed_nothing() {
        for (boolean voidPromise : List.of(false, true)) {
            EmbeddedChannel channel = new EmbeddedChannel(
                    new FailingWrites(), new HttpClientCodec(), new HttpMessageBoundary(), new VoidWriter(voidPromise));
            ChannelFuture written = channel.writeOneOutbound(request(HttpMethod.GET));
            channel.runPendingTasks();
            assertThat(voidPromise || written.cause() instanceof IOException).isTrue();
            assertThat(inFlight(channel)).as("void promise: " + voidPromise).isFalse();
            assertThat(channel.finishAndReleaseAll()).isFalse();
        }
    }

    private static final class FailingWrites extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            ((ByteBuf) message).release();
            promise.setFailure(new IOException("for the test"));
        }
    }

    /** Also takes the exception that a failed void promise fires. */
    private static final class VoidWriter extends ChannelDuplexHandler {

        private final boolean voidPromise;

        VoidWriter(boolean voidPromise) {
            this.voidPromise = voidPromise;
        }

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            context.write(message, voidPromise ? context.voidPromise() : promise);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            assertThat(cause).isInstanceOf(IOException.class);
        }
    }

    @Test
    void a_request_that_cannot_be_encoded_leaves_those_before_it_in_flight() {
        EmbeddedChannel channel = client();
        HttpRequest unfinished = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.PUT, "/");
        channel.writeOutbound(unfinished);
        ChannelFuture refused = channel.writeOneOutbound(request(HttpMethod.GET));
        channel.runPendingTasks();
        assertThat(refused.cause()).isNotNull();
        assertThat(inFlight(channel)).isTrue();
        receive(channel, CONTENT_LENGTH);
        assertThat(inFlight(channel)).isFalse();
        channel.finishAndReleaseAll();
    }

    @Test
    void a_response_that_comes_before_its_request_is_complete_is_whole() {
        EmbeddedChannel channel = client();
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.PUT, "/");
        request.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        channel.writeOutbound(request);
        assertThat(inFlight(channel)).isTrue();
        receive(channel, CONTENT_LENGTH);
        assertThat(inFlight(channel)).isFalse();
        channel.writeOutbound(new DefaultHttpContent(Unpooled.copiedBuffer(new byte[3])));
        channel.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT);
        assertThat(inFlight(channel)).isFalse();
        channel.finishAndReleaseAll();
    }

    @Test
    void a_message_that_the_codec_holds_back_is_in_flight_and_an_empty_line_is_not() {
        for (String heldBack : List.of("HTTP/1.1 204 No Content\r\n\r\n", "\r\n\r\n")) {
            HttpClientCodec codec = new HttpClientCodec();
            codec.setSingleDecode(true);
            EmbeddedChannel channel = new EmbeddedChannel(codec, new HttpMessageBoundary());
            receive(channel, "HTTP/1.1 204 No Content\r\n\r\n" + heldBack);
            assertThat(inFlight(channel)).as(heldBack).isEqualTo(heldBack.startsWith("HTTP"));
            channel.finishAndReleaseAll();
        }
    }

    /** RFC 9112, 9.8: such a response is complete only if a valid closure alert came. */
    @Test
    void the_decoder_ends_a_close_delimited_response_at_the_end_of_input_and_not_before() {
        List<Boolean> asked = new ArrayList<>();
        EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter() {
            @Override
            public void userEventTriggered(ChannelHandlerContext context, Object event) {
                asked.add(Wire.boundary((EmbeddedChannel) context.channel()).isMessageInFlight());
                context.fireUserEventTriggered(event);
            }
        }, new HttpClientCodec(), new HttpMessageBoundary());
        channel.writeOutbound(request(HttpMethod.GET));
        receive(channel, "HTTP/1.1 200 OK\r\n\r\nhello");
        assertThat(channel.inboundMessages()).noneMatch(LastHttpContent.class::isInstance);

        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        assertThat(asked).containsExactly(true);
        assertThat(channel.inboundMessages()).last().isInstanceOf(LastHttpContent.class);
        channel.finishAndReleaseAll();
    }

    @Test
    void everything_passes_untouched() {
        EmbeddedChannel channel = new EmbeddedChannel(new HttpMessageBoundary());
        HttpContent content = new DefaultHttpContent(Unpooled.copiedBuffer(new byte[3]));
        List<Object> messages = List.of(request(HttpMethod.GET), response(HttpResponseStatus.OK), content, "other");
        for (Object message : messages) {
            ChannelPromise promise = channel.newPromise();
            channel.writeAndFlush(message, promise);
            assertThat(promise.isSuccess()).isTrue();
            assertThat(channel.<Object>readOutbound()).isSameAs(message);
            channel.writeInbound(message);
            assertThat(channel.<Object>readInbound()).isSameAs(message);
        }
        assertThat(content.refCnt()).isEqualTo(1);
        content.release();
        channel.finishAndReleaseAll();
    }

    @Test
    void without_a_codec_in_front_nobody_knows() {
        assertThat(new HttpMessageBoundary().isMessageInFlight()).isTrue();
        EmbeddedChannel none = new EmbeddedChannel(new HttpMessageBoundary(), new HttpServerCodec());
        assertThat(inFlight(none)).isTrue();
        none.finishAndReleaseAll();

        EmbeddedChannel removed = server();
        assertThat(inFlight(removed)).isFalse();
        removed.pipeline().remove(HttpServerCodec.class);
        assertThat(inFlight(removed)).isTrue();
        removed.finishAndReleaseAll();
    }

    @Test
    void a_decoder_that_cannot_be_looked_into_is_told_once_and_taken_for_busy() {
        List<LogRecord> records = new ArrayList<>();
        Logger logger = Logger.getLogger(HttpDecoders.class.getName());
        Handler recorder = new Handler() {
            @Override
            public void publish(LogRecord logged) {
                records.add(logged);
            }

            @Override
            public void flush() { }

            @Override
            public void close() { }
        };
        logger.addHandler(recorder);
        logger.setUseParentHandlers(false);
        try {
            HttpDecoders blind = new HttpDecoders(MethodHandles.publicLookup());
            for (int i = 0; i < 2; i++) {
                EmbeddedChannel channel = new EmbeddedChannel(new HttpServerCodec(), new HttpMessageBoundary(blind));
                assertThat(inFlight(channel)).isTrue();
                channel.finishAndReleaseAll();
            }
        } finally {
            logger.removeHandler(recorder);
            logger.setUseParentHandlers(true);
        }
        assertThat(records).hasSize(1);
        assertThat(records.get(0).getLevel()).isEqualTo(Level.WARNING);
        assertThat(records.get(0).getMessage()).contains("--add-opens");
    }

    @Test
    void it_refuses_another_executor() throws InterruptedException {
        DefaultEventLoopGroup others = new DefaultEventLoopGroup(1);
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline().addLast(others, new HttpMessageBoundary());
        others.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        assertThat(others.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        channel.runPendingTasks();
        assertThat(channel.pipeline().get(HttpMessageBoundary.class)).isNull();
        assertThatThrownBy(channel::checkException).hasRootCauseInstanceOf(IllegalStateException.class);
        channel.finishAndReleaseAll();
    }
}
