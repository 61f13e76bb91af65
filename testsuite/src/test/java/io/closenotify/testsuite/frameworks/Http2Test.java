package io.closenotify.testsuite.frameworks;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Behind an {@code SslHandler} and in front of Netty's HTTP/2 codec and multiplexer. */
@ExtendWith(LeakAndLogCheck.class)
class Http2Test {

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_close_sends_goaway_lets_streams_finish_and_then_sends_close_notify(TlsSetup setup) throws Exception {
        try (Http2Pair pair = new Http2Pair(setup, ShutdownPolicy.bidirectional())) {
            Channel first = pair.open();
            Channel second = pair.open();
            ChannelFuture closed = pair.server().close();
            pair.peerSees("GOAWAY");
            assertThat(respond(second, "second").cause()).isNull();
            pair.peerSees("DATA second END_STREAM");
            assertThat(respond(first, "first").cause()).isNull();
            pair.peerSees("DATA first END_STREAM", "close_notify", "FIN");

            assertThat(pair.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(Waits.done(closed).isSuccess()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_close_without_streams_sends_goaway_close_notify_and_fin(TlsSetup setup) throws Exception {
        try (Http2Pair pair = new Http2Pair(setup, ShutdownPolicy.bidirectional())) {
            ChannelFuture closed = pair.server().close();
            pair.peerSees("GOAWAY", "close_notify", "FIN");

            assertThat(pair.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(Waits.done(closed).isSuccess()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void the_peers_close_notify_ends_open_streams_and_is_answered(TlsSetup setup) throws Exception {
        try (Http2Pair pair = new Http2Pair(setup, ShutdownPolicy.bidirectional())) {
            Channel stream = pair.open();
            pair.peerSendsCloseNotify();
            pair.peerSees("close_notify", "FIN");

            ShutdownOutcome outcome = pair.outcome();
            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(Waits.done(stream.closeFuture()).isSuccess()).isTrue();
            assertThat(Waits.done(pair.server().closeFuture()).isSuccess()).isTrue();
            assertThat(respond(stream, "late").cause()).isNotNull();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void the_peers_close_notify_lets_open_streams_finish_where_the_answer_is_deferred(TlsSetup setup)
            throws Exception {
        ShutdownPolicy deferring = ShutdownPolicy.bidirectional().toBuilder()
                .onPeerCloseNotify(PeerClosePolicy.DEFER).build();
        try (Http2Pair pair = new Http2Pair(setup, deferring)) {
            Channel stream = pair.open();
            pair.peerSendsCloseNotify();
            pair.peerSees("GOAWAY");
            assertThat(respond(stream, "late").cause()).isNull();
            pair.peerSees("DATA late END_STREAM", "close_notify", "FIN");
            assertThat(pair.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    private static ChannelFuture respond(Channel stream, String text) throws InterruptedException {
        stream.write(new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("200")));
        return Waits.done(stream.writeAndFlush(new DefaultHttp2DataFrame(
                Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII), true)));
    }
}
