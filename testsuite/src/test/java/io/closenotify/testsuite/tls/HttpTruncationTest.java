package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationException;
import io.closenotify.boundary.HttpMessageBoundary;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.tls.SocketPair.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** RFC 9112, sections 8 and 9.8: which HTTP responses, and requests, an end of input without close_notify cuts. */
@ExtendWith(LeakAndLogCheck.class)
class HttpTruncationTest {

    /** How a response tells where its body ends. */
    enum Framing {
        CONTENT_LENGTH("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true),
        CHUNKED("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", true),
        CLOSE_DELIMITED("HTTP/1.1 200 OK\r\n\r\nhello", false);

        private final String response;
        private final boolean complete;

        Framing(String response, boolean complete) {
            this.response = response;
            this.complete = complete;
        }

        ShutdownResult cutAt(int length) {
            return complete && length == response.length() ? ShutdownResult.CLEAN : ShutdownResult.TRUNCATED;
        }
    }

    static Stream<Arguments> responses() {
        return TlsSetup.cross(TlsSetup.all().stream(), Framing.values());
    }

    static Stream<TlsSetup> setups() {
        return TlsSetup.all().stream();
    }

    /** Takes note of HTTP instead of bytes. */
    private static final class HttpRecorder extends Recorder {

        final AtomicInteger complete = new AtomicInteger();

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof LastHttpContent last && last.decoderResult().isSuccess()) {
                complete.incrementAndGet();
            }
            ReferenceCountUtil.release(message);
        }
    }

    private static EmbeddedTlsPair open(TlsSetup setup, boolean client, HttpRecorder application) {
        EmbeddedTlsPair pair = new EmbeddedTlsPair(setup, client, ShutdownPolicy.bidirectional(), application);
        addHttp(pair.ours, client, application);
        return pair;
    }

    private static void addHttp(Channel ours, boolean client, HttpRecorder application) {
        String before = ours.pipeline().context(application).name();
        ours.pipeline().addBefore(before, null, client ? new HttpClientCodec() : new HttpServerCodec());
        ours.pipeline().addBefore(before, null, new HttpMessageBoundary());
    }

    private static void request(EmbeddedTlsPair pair) {
        pair.ours.writeOutbound(new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/"));
        pair.exchange();
    }

    private static void respond(EmbeddedTlsPair pair, String data) {
        if (!data.isEmpty()) {
            pair.peer.writeOutbound(ascii(data));
        }
        pair.exchange();
    }

    private static ByteBuf ascii(String data) {
        return Unpooled.copiedBuffer(data, StandardCharsets.US_ASCII);
    }

    private static void check(HttpRecorder application, ShutdownOutcome outcome, ShutdownResult expected, String cut) {
        String what = cut + ": " + outcome;
        assertThat(outcome.result()).as(what).isEqualTo(expected);
        assertThat(outcome.closeNotifyReceived()).as(what).isFalse();
        assertThat(application.exceptions).as(what).allMatch(e -> e instanceof TruncationException);
        if (expected == ShutdownResult.CLEAN) {
            assertThat(application.exceptions).as(what).isEmpty();
            assertThat(outcome.cause()).as(what).isNotNull();
        }
    }

    @ParameterizedTest
    @MethodSource("responses")
    void a_response_is_truncated_at_every_byte_but_its_last(TlsSetup setup, Framing framing) {
        for (int cut = 0; cut <= framing.response.length(); cut++) {
            HttpRecorder application = new HttpRecorder();
            try (EmbeddedTlsPair pair = open(setup, true, application)) {
                request(pair);
                respond(pair, framing.response.substring(0, cut));
                pair.peerEndsTransport();
                check(application, application.outcomes.element(), framing.cutAt(cut), "cut at " + cut);
                assertThat(application.exceptions)
                        .hasSize(framing.cutAt(cut) == ShutdownResult.TRUNCATED ? 1 : 0);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("responses")
    void a_bare_fin_instead_of_an_answer_truncates_only_what_is_in_flight(TlsSetup setup, Framing framing) {
        int length = framing.response.length();
        for (int cut : new int[] {0, 1, length - 1, length}) {
            HttpRecorder application = new HttpRecorder();
            try (EmbeddedTlsPair pair = open(setup, true, application)) {
                request(pair);
                respond(pair, framing.response.substring(0, cut));
                pair.handler.shutdown();
                pair.toPeer();
                pair.dropFromPeer();
                pair.peerEndsTransport();
                ShutdownOutcome outcome = application.outcomes.element();
                boolean whole = framing.cutAt(cut) == ShutdownResult.CLEAN;
                assertThat(outcome.result()).as("cut at " + cut + ": " + outcome)
                        .isEqualTo(whole ? ShutdownResult.UNANSWERED : ShutdownResult.TRUNCATED);
                assertThat(application.exceptions).hasSize(whole ? 0 : 1);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("responses")
    void the_end_inside_a_record_cuts_the_response_in_it(TlsSetup setup, Framing framing) {
        for (int missing : new int[] {0, 1, framing.response.length()}) {
            HttpRecorder application = new HttpRecorder();
            try (EmbeddedTlsPair pair = open(setup, true, application)) {
                request(pair);
                pair.peer.writeOutbound(ascii(framing.response));
                ByteBuf record = pair.takeFromPeer();
                pair.toUs(record.readRetainedSlice(record.readableBytes() - missing));
                record.release();
                pair.peerEndsTransport();
                ShutdownResult expected = framing.cutAt(framing.response.length() - missing);
                check(application, application.outcomes.element(), expected, missing + " bytes missing");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Framing.class)
    void a_close_notify_makes_any_response_whole_that_does_not_tell_otherwise(Framing framing) {
        for (TlsSetup setup : TlsSetup.all()) {
            HttpRecorder application = new HttpRecorder();
            try (EmbeddedTlsPair pair = open(setup, true, application)) {
                request(pair);
                respond(pair, framing.response);
                pair.peerSendsCloseNotify();
                pair.exchange();
                pair.peerEndsTransport();
                ShutdownOutcome outcome = application.outcomes.element();
                assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.CLEAN);
                assertThat(outcome.closeNotifyReceived()).isTrue();
                assertThat(application.complete).hasValue(1);
                assertThat(application.exceptions).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_request_is_truncated_at_every_byte_but_its_last(TlsSetup setup) {
        String request = "PUT / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi";
        for (int cut = 0; cut <= request.length(); cut++) {
            HttpRecorder application = new HttpRecorder();
            try (EmbeddedTlsPair pair = open(setup, false, application)) {
                respond(pair, request);
                respond(pair, request.substring(0, cut));
                pair.peerEndsTransport();
                boolean between = cut == 0 || cut == request.length();
                check(application, application.outcomes.element(),
                        between ? ShutdownResult.CLEAN : ShutdownResult.TRUNCATED, "cut at " + cut);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("responses")
    void over_sockets_a_response_is_whole_or_truncated(TlsSetup setup, Framing framing) throws InterruptedException {
        int length = framing.response.length();
        for (Transport transport : Transport.values()) {
            for (int cut : new int[] {length / 2, length - 1, length}) {
                HttpRecorder application = new HttpRecorder();
                try (SocketPair pair = SocketPair.open(
                        transport, setup, setup, true, ShutdownPolicy.bidirectional(), application)) {
                    pair.onOurLoop(() -> {
                        addHttp(pair.ours, true, application);
                        pair.ours.writeAndFlush(
                                new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/"));
                    });
                    Waits.done(pair.peer.writeAndFlush(ascii(framing.response.substring(0, cut))));
                    Waits.done(((DuplexChannel) pair.peer).shutdownOutput());
                    check(application, application.outcome(), framing.cutAt(cut), transport + ", cut at " + cut);
                    Waits.done(pair.ours.closeFuture());
                }
            }
        }
    }
}
