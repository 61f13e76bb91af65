package io.closenotify.testsuite.quic;

import static io.closenotify.testsuite.quic.Closes.AT_ONCE;
import static io.closenotify.testsuite.quic.Closes.BYE;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownResult;
import io.closenotify.WriteAfterShutdownException;
import io.closenotify.quic.QuicCloseDelivery;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicPeerCloseEvent;
import io.closenotify.quic.QuicShutdownException;
import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.QuicStreams;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.RelayedDatagram;
import io.closenotify.testsuite.Waits;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.incubator.codec.quic.QuicConnectionCloseEvent;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The close leaves whenever it is asked for, says what it should, and the peer's is told at once. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class CloseTest {

    private static QuicShutdownPolicy saying(QuicConnectionClose close) {
        return QuicShutdownPolicy.compliant().toBuilder().close(close).build();
    }

    private static ShutdownPair direct() throws InterruptedException {
        return new ShutdownPair(ShutdownPair.setup(), ShutdownPair.setup(), relay -> relay);
    }

    private static QuicConnectionClose toldTo(OurConnection peer) throws InterruptedException {
        QuicShutdownOutcome outcome = ShutdownPair.outcome(ShutdownPair.handler(peer).outcome());
        assertThat(outcome.remote()).as("%s", outcome).isTrue();
        assertThat(peer.events()).contains(new QuicPeerCloseEvent(outcome.close()));
        return outcome.close();
    }

    // When it is forced

    @Test
    void a_forced_end_tells_the_peer_why_whatever_is_pending() throws Exception {
        QuicConnectionClose close = QuicConnectionClose.application(77, "drained");
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(saying(close)),
                ShutdownPair.setup().windows(20_000, 10_000), relay -> relay)) {
            pair.near().open(QuicStreamType.BIDIRECTIONAL).write(1_000_000);
            QuicShutdownFuture pending = ShutdownPair.handler(pair.near()).shutdown();
            QuicShutdownOutcome outcome = ShutdownPair.outcome(ShutdownPair.handler(pair.near()).abort());
            assertThat(outcome.result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.ON_WIRE);
            assertThat(outcome.bytesUnacknowledged()).isPositive();
            assertThat(outcome.close()).isEqualTo(close);
            assertThat(pending.outcome()).isEqualTo(outcome);
            assertThat(toldTo(pair.far())).isEqualTo(close);
        }
    }

    // What it says

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1L << 31, (1L << 32) + 5, QuicConnectionClose.MAX_ERROR_CODE})
    void every_code_arrives_in_full(long code) throws Exception {
        try (ShutdownPair pair = direct()) {
            QuicConnectionClose close = QuicConnectionClose.application(code, "code");
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(saying(close)));
            assertThat(outcome.close()).isEqualTo(close);
            assertThat(outcome.remote()).isFalse();
            assertThat(toldTo(pair.far())).isEqualTo(close);
        }
    }

    @Test
    void a_close_of_quic_itself_arrives_as_such() throws Exception {
        try (ShutdownPair pair = direct()) {
            QuicConnectionClose close = QuicConnectionClose.transport(1, "internal");
            pair.shutdown(saying(close));
            assertThat(toldTo(pair.far())).isEqualTo(close);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1150, 1158, 1159, 1170, 65_536})
    void a_reason_of_any_length_never_prevents_the_close(int length) throws Exception {
        try (ShutdownPair pair = direct()) {
            String reason = "x".repeat(length);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(
                    pair.shutdown(saying(QuicConnectionClose.application(7, reason))));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
            QuicConnectionClose told = toldTo(pair.far());
            assertThat(told).isEqualTo(outcome.close());
            assertThat(told.reason()).isEqualTo(reason.substring(0, told.reason().length()));
            assertThat(told.reason().length()).isGreaterThanOrEqualTo(Math.min(length, 1150));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void a_reason_is_cut_between_code_points(int offset) throws Exception {
        try (ShutdownPair pair = direct()) {
            String reason = "x".repeat(offset) + "\uD83D\uDE00".repeat(400);
            pair.shutdown(saying(QuicConnectionClose.application(7, reason)));
            String told = toldTo(pair.far()).reason();
            assertThat(reason).startsWith(told);
            assertThat(told.getBytes(StandardCharsets.UTF_8).length).isBetween(1140, 1160);
        }
    }

    @Test
    void the_codecs_own_close_is_taken_over_with_its_arguments() throws Exception {
        try (ShutdownPair pair = direct()) {
            pair.near().open(QuicStreamType.BIDIRECTIONAL).write(500_000);
            Future<Void> closed = pair.near().channel().close(
                    true, 77, Unpooled.copiedBuffer("stock", StandardCharsets.UTF_8));
            assertThat(Waits.done(closed).isSuccess()).isTrue();
            assertThat(toldTo(pair.far())).isEqualTo(QuicConnectionClose.application(77, "stock"));
            assertThat(pair.far().nextStream().bytes()).isEqualTo(500_000);
        }
    }

    @Test
    void a_negative_code_is_refused_before_anything_changes() throws Exception {
        try (ShutdownPair pair = direct()) {
            Future<Void> refused = Waits.done(pair.near().channel().close(true, -1, Unpooled.EMPTY_BUFFER));
            assertThat(refused.cause()).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("errorCode: -1 (expected: 0 to ");
            assertThat(pair.near().channel().isActive()).isTrue();
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            assertThat(Waits.done(stream.write(10)).isSuccess()).isTrue();
            assertThat(ShutdownPair.outcome(pair.shutdown(AT_ONCE)).result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(toldTo(pair.far())).isEqualTo(BYE);
        }
    }

    @Test
    void arguments_count_on_the_first_call_only() throws Exception {
        try (ShutdownPair pair = direct()) {
            QuicShutdownFuture first = pair.shutdown(saying(QuicConnectionClose.application(1, "first")));
            QuicShutdownFuture second = pair.shutdown(saying(QuicConnectionClose.application(2, "second")));
            assertThat(ShutdownPair.outcome(second)).isSameAs(ShutdownPair.outcome(first));
            assertThat(toldTo(pair.far())).isEqualTo(QuicConnectionClose.application(1, "first"));
        }
    }

    // It always leaves

    @ParameterizedTest
    @EnumSource(value = QuicShutdownMode.class, names = {"COMPLIANT", "RAPID"})
    void a_full_congestion_window_does_not_hold_it_back_for_good(QuicShutdownMode mode) throws Exception {
        try (ShutdownPair pair = ShutdownPair.overLossyPath(1, 0)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            stream.write(1_000_000);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(
                    pair.shutdown(AT_ONCE.toBuilder().mode(mode).build()));
            assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.ON_WIRE);
            assertThat(toldTo(pair.far())).isEqualTo(BYE);
        }
    }

    @Test
    void closed_inside_channel_read_it_leaves_behind_what_was_written_there() throws Exception {
        QuicSetup echoing = ShutdownPair.setup().streamPipeline(stream ->
                stream.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext context, Object message) {
                        context.writeAndFlush(message);
                        context.channel().parent().close();
                    }
                }));
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(), echoing, relay -> relay)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            stream.write(1_000);
            assertThat(toldTo(pair.near())).isEqualTo(QuicConnectionClose.application(0, ""));
            assertThat(stream.bytes()).isEqualTo(1_000);
        }
    }

    @Test
    void data_that_came_before_the_peers_close_is_delivered_before_its_event() throws Exception {
        try (ShutdownPair pair = direct()) {
            for (int stream = 0; stream < 10; stream++) {
                pair.near().open(QuicStreamType.BIDIRECTIONAL).write(100_000);
            }
            pair.shutdown(QuicShutdownPolicy.rapid());
            toldTo(pair.far());
            long bytes = 0;
            for (int stream = 0; stream < 10; stream++) {
                bytes += pair.far().nextStream().bytes();
            }
            assertThat(bytes).isEqualTo(1_000_000);
        }
    }

    @Test
    void both_sides_close_at_once_and_both_know() throws Exception {
        for (int run = 0; run < 20; run++) {
            try (ShutdownPair pair = ShutdownPair.overLossyPath(run, 0)) {
                QuicShutdownFuture near = pair.shutdown(AT_ONCE);
                QuicShutdownFuture far = ShutdownPair.handler(pair.far()).shutdown(AT_ONCE);
                assertThat(ShutdownPair.outcome(near).result()).isEqualTo(ShutdownResult.CLEAN);
                assertThat(ShutdownPair.outcome(far).result()).isEqualTo(ShutdownResult.CLEAN);
            }
        }
    }

    // What follows it

    @Test
    void writes_and_new_streams_fail_from_the_start_of_the_shutdown() throws Exception {
        try (ShutdownPair pair = ShutdownPair.overLossyPath(1, 0)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            stream.write(100_000);
            QuicShutdownFuture future = pair.shutdown(QuicShutdownPolicy.compliant());
            Waits.done(pair.near().channel().eventLoop().submit(() -> { }));
            assertThat(Waits.done(stream.write(10)).cause()).isInstanceOf(WriteAfterShutdownException.class);
            assertThat(Waits.done(pair.near().channel().createStream(
                    QuicStreamType.BIDIRECTIONAL, new ChannelInboundHandlerAdapter())).isSuccess()).isFalse();
            assertThat(ShutdownPair.outcome(future).result()).isEqualTo(ShutdownResult.CLEAN);
            pair.far().awaitEnd();
            assertThat(pair.far().nextStream().bytes()).isEqualTo(100_000);
        }
    }

    @Test
    void the_promise_of_close_fails_with_the_outcome_when_data_was_lost() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(
                ShutdownPair.setup(QuicShutdownPolicy.compliant().toBuilder()
                        .flushTimeout(Duration.ofMillis(300)).build()),
                ShutdownPair.setup(), relay -> relay)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            pair.relay().block(Direction.TO_SERVER);
            stream.write(10);
            Throwable cause = Waits.done(pair.near().channel().close()).cause();
            assertThat(cause).isInstanceOf(QuicShutdownException.class).hasMessageContaining("FLUSH_FAILED");
            assertThat(((QuicShutdownException) cause).outcome().bytesUnacknowledged()).isPositive();
        }
    }

    // Who ended it

    @Test
    void waiting_for_the_peer_sends_nothing_and_ends_with_its_close() throws Exception {
        try (ShutdownPair pair = direct()) {
            QuicShutdownFuture waiting = pair.shutdown(QuicShutdownPolicy.waitPeer());
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            assertThat(Waits.done(stream.write(10)).isSuccess()).isTrue();
            pair.far().nextStream();
            ShutdownPair.handler(pair.far()).shutdown(saying(QuicConnectionClose.application(42, "server")));
            QuicShutdownOutcome outcome = ShutdownPair.outcome(waiting);
            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.PEER);
            assertThat(outcome.close()).isEqualTo(QuicConnectionClose.application(42, "server"));
            assertThat(outcome.remote()).isTrue();
        }
    }

    @Test
    void a_peer_that_does_not_close_in_time_is_closed_by_us() throws Exception {
        try (ShutdownPair pair = direct()) {
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(QuicShutdownPolicy.waitPeer().toBuilder()
                    .peerTimeout(Duration.ofMillis(100))
                    .close(QuicConnectionClose.application(9, "waited"))
                    .build()));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.ON_WIRE);
            assertThat(toldTo(pair.far())).isEqualTo(QuicConnectionClose.application(9, "waited"));
        }
    }

    @Test
    void an_idle_timeout_is_told_apart() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup().idleTimeout(Duration.ofMillis(500)),
                ShutdownPair.setup(), relay -> relay)) {
            QuicShutdownOutcome outcome = ShutdownPair.outcome(ShutdownPair.handler(pair.near()).outcome());
            assertThat(outcome.result()).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.TRANSPORT);
            assertThat(outcome.cause()).hasMessageContaining("idle timeout");
            assertThat(outcome.close()).isNull();
        }
    }

    @Test
    void closing_the_udp_channel_tells_all_peers_first() throws Exception {
        try (ShutdownPair pair = direct()) {
            Waits.done(pair.server().datagrams().close());
            assertThat(toldTo(pair.near())).isEqualTo(QuicConnectionClose.application(0, ""));
        }
    }

    @Test
    void closing_the_udp_channel_twice_tells_them_too() throws Exception {
        try (ShutdownPair pair = direct()) {
            Future<Void> first = pair.server().datagrams().close();
            pair.server().datagrams().close();
            Waits.done(first);
            assertThat(toldTo(pair.near())).isEqualTo(QuicConnectionClose.application(0, ""));
        }
    }

    @Test
    void an_application_that_closes_on_the_peers_close_does_not_spoil_the_outcome() throws Exception {
        QuicSetup closing = new QuicSetup().connectionPipeline(channel -> {
            ShutdownPair.add(channel, QuicShutdownPolicy.compliant());
            channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                @Override
                public void userEventTriggered(ChannelHandlerContext context, Object event) {
                    if (event instanceof QuicConnectionCloseEvent) {
                        context.close();
                    }
                    context.fireUserEventTriggered(event);
                }
            });
        });
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(), closing, relay -> relay)) {
            pair.near().open(QuicStreamType.BIDIRECTIONAL).write(1_000);
            pair.shutdown(saying(QuicConnectionClose.application(5, "over")));
            QuicShutdownOutcome outcome = ShutdownPair.outcome(ShutdownPair.handler(pair.far()).outcome());
            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.PEER);
        }
    }

    @Test
    void a_forged_datagram_does_not_lead_the_close_astray() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(), ShutdownPair.setup(),
                relay -> relay.record(10_000))) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            stream.write(1_000);
            pair.far().nextStream();
            ShutdownPair.letPass(pair.near(), Duration.ofMillis(100));
            byte[] genuine = null;
            for (RelayedDatagram one : pair.relay().recording()) {
                if (one.direction() == Direction.TO_SERVER && one.bytes()[0] >= 0) {
                    genuine = one.bytes();
                }
            }
            // The id is right, the rest is not.
            byte[] forged = genuine.clone();
            for (int index = forged.length - 16; index < forged.length; index++) {
                forged[index] ^= 0x55;
            }
            pair.relay().sendFromOtherAddress(Unpooled.wrappedBuffer(forged));
            ShutdownPair.letPass(pair.far(), Duration.ofMillis(100));
            ShutdownPair.handler(pair.far()).shutdown(AT_ONCE);
            assertThat(toldTo(pair.near())).isEqualTo(BYE);
        }
    }

    @Test
    void both_sides_close_at_once_without_any_stream_and_both_are_clean() throws Exception {
        for (int run = 0; run < 20; run++) {
            try (ShutdownPair pair = ShutdownPair.overLossyPath(run, 0)) {
                QuicShutdownFuture near = pair.shutdown(QuicShutdownPolicy.compliant());
                QuicShutdownFuture far = ShutdownPair.handler(pair.far()).shutdown(QuicShutdownPolicy.compliant());
                assertThat(ShutdownPair.outcome(near).result()).isEqualTo(ShutdownResult.CLEAN);
                assertThat(ShutdownPair.outcome(far).result()).isEqualTo(ShutdownResult.CLEAN);
            }
        }
    }

    @Test
    void the_peers_close_with_our_answer_still_under_way_is_not_clean() throws Exception {
        BlockingQueue<ChannelFuture> answers = new LinkedBlockingQueue<>();
        QuicSetup answering = ShutdownPair.setup().streamPipeline(stream ->
                stream.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext context, Object message) {
                        ReferenceCountUtil.release(message);
                        answers.add(QuicStreams.conclude(stream, Unpooled.wrappedBuffer(new byte[10_000])));
                    }
                }));
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(), answering, relay -> relay)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            ShutdownPair.letPass(pair.near(), Duration.ofMillis(100));
            pair.relay().block(Direction.TO_CLIENT);
            stream.writeAndFinish(new byte[10]);
            pair.far().nextStream();
            Waits.done(Waits.next(answers, "our answer"));
            ShutdownPair.letPass(pair.near(), Duration.ofMillis(50));
            pair.shutdown(AT_ONCE);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(ShutdownPair.handler(pair.far()).outcome());
            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.bytesUnacknowledged()).isGreaterThanOrEqualTo(10_000);
        }
    }

    @Test
    void the_peers_close_after_it_has_all_is_clean_though_flow_control_is_tight() throws Exception {
        for (int run = 0; run < 10; run++) {
            try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup().windows(20_000, 10_000),
                    ShutdownPair.setup(), relay -> relay)) {
                pair.far().open(QuicStreamType.BIDIRECTIONAL).write(5_000);
                OurStream stream = pair.near().nextStream();
                ShutdownPair.letPass(pair.near(), Duration.ofMillis(100));
                assertThat(stream.bytes()).isEqualTo(5_000);
                pair.shutdown(AT_ONCE);
                QuicShutdownOutcome outcome = ShutdownPair.outcome(ShutdownPair.handler(pair.far()).outcome());
                assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.CLEAN);
            }
        }
    }

    @Test
    void an_answer_that_the_peers_close_overtakes_is_not_told_as_acknowledged() throws Exception {
        QuicSetup answering = ShutdownPair.setup().streamPipeline(stream ->
                stream.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext context, Object message) {
                        context.writeAndFlush(message);
                    }
                }));
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(), answering, relay -> relay)) {
            OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            stream.write(10);
            assertThat(pair.far().nextStream().channel().parent()).isSameAs(pair.far().channel());
            // Long enough for a look at the idle connection: all is acknowledged.
            ShutdownPair.letPass(pair.near(), Duration.ofMillis(900));
            assertThat(stream.bytes()).isEqualTo(10);
            CountDownLatch arrived = new CountDownLatch(1);
            Future<Boolean> held = pair.far().channel().eventLoop().submit(
                    () -> arrived.await(Waits.DEADLINE.toMillis(), TimeUnit.MILLISECONDS));
            stream.write(10);
            ShutdownPair.outcome(pair.shutdown(AT_ONCE.toBuilder().mode(QuicShutdownMode.RAPID).build()));
            ShutdownPair.letPass(pair.near(), Duration.ofMillis(50));
            // Both are read in one go.
            arrived.countDown();
            assertThat(Waits.done(held).getNow()).isTrue();
            QuicShutdownOutcome outcome = ShutdownPair.outcome(ShutdownPair.handler(pair.far()).outcome());
            assertThat(outcome.remote()).isTrue();
            assertThat(outcome.bytesUnacknowledged()).as("%s", outcome).isNotZero();
            assertThat(stream.bytes()).isEqualTo(10);
        }
    }

    @Test
    void what_is_written_from_the_peers_close_on_is_refused() throws Exception {
        BlockingQueue<ChannelFuture> writes = new LinkedBlockingQueue<>();
        BlockingQueue<OurStream> streams = new LinkedBlockingQueue<>();
        QuicSetup late = new QuicSetup().connectionPipeline(channel -> {
            ShutdownPair.add(channel, QuicShutdownPolicy.compliant());
            channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                @Override
                public void userEventTriggered(ChannelHandlerContext context, Object event) {
                    if (event instanceof QuicConnectionCloseEvent) {
                        writes.add(streams.remove().write(1_000));
                    }
                    context.fireUserEventTriggered(event);
                }
            });
        });
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(), late, relay -> relay)) {
            pair.near().open(QuicStreamType.BIDIRECTIONAL).write(10);
            streams.add(pair.far().nextStream());
            pair.shutdown(AT_ONCE);
            Throwable refused = Waits.done(Waits.next(writes, "the late write")).cause();
            assertThat(refused).isInstanceOf(WriteAfterShutdownException.class);
        }
    }
}
