package io.closenotify.testsuite.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownResult;
import io.closenotify.quic.QuicCloseDelivery;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.QuicStreams;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.Waits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.incubator.codec.quic.QuicStreamResetException;
import io.netty.incubator.codec.quic.QuicStreamType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What SSL_shutdown_ex(3) says of single calls. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class ShutdownExTest {

    private static ShutdownPair direct(QuicSetup clientSetup, QuicSetup serverSetup) throws InterruptedException {
        return new ShutdownPair(clientSetup, serverSetup, relay -> relay);
    }

    @Test
    void without_arguments_it_flushes_and_is_compliant_with_code_0_and_no_reason() throws Exception {
        QuicSetup byDefault = new QuicSetup().connectionPipeline(
                channel -> ShutdownPair.add(channel, QuicShutdownHandler.builder().build()));
        try (ShutdownPair pair = direct(byDefault, ShutdownPair.setup())) {
            pair.near().open(QuicStreamType.BIDIRECTIONAL).write(500_000);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(ShutdownPair.handler(pair.near()).shutdown());
            assertThat(outcome.mode()).isEqualTo(QuicShutdownMode.COMPLIANT);
            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
            QuicShutdownOutcome told = ShutdownPair.outcome(ShutdownPair.handler(pair.far()).outcome());
            assertThat(told.close()).isEqualTo(QuicConnectionClose.application(0, ""));
            assertThat(pair.far().nextStream().bytes()).isEqualTo(500_000);
        }
    }

    @Test
    void a_call_behind_the_outcome_has_the_same_one_at_once() throws Exception {
        try (ShutdownPair pair = direct(ShutdownPair.setup(), ShutdownPair.setup())) {
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(QuicShutdownPolicy.compliant()));
            QuicShutdownFuture again = pair.shutdown(QuicShutdownPolicy.compliant().toBuilder()
                    .close(QuicConnectionClose.application(5, "again")).build());
            assertThat(ShutdownPair.outcome(again)).isSameAs(outcome);
        }
    }

    @Test
    void the_reason_may_change_behind_the_call() throws Exception {
        try (ShutdownPair pair = direct(ShutdownPair.setup(), ShutdownPair.setup())) {
            pair.near().open(QuicStreamType.BIDIRECTIONAL).write(500_000);
            Waits.done(pair.near().channel().eventLoop().submit(() -> {
                ByteBuf reason = Unpooled.copiedBuffer("kept", StandardCharsets.UTF_8);
                pair.near().channel().close(true, 77, reason);
                reason.setByte(0, 'X');
            }));
            QuicShutdownOutcome told = ShutdownPair.outcome(ShutdownPair.handler(pair.far()).outcome());
            assertThat(told.close()).isEqualTo(QuicConnectionClose.application(77, "kept"));
        }
    }

    @Test
    void a_stream_is_concluded_or_reset_and_the_connection_lives_on() throws Exception {
        long code = (1L << 31) - 1;
        BlockingQueue<Throwable> resets = new LinkedBlockingQueue<>();
        QuicSetup listening = ShutdownPair.setup().streamPipeline(stream ->
                stream.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                        resets.add(cause);
                    }
                }));
        try (ShutdownPair pair = direct(ShutdownPair.setup(), listening)) {
            OurStream concluded = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            QuicStreams.conclude(concluded.channel(), Unpooled.wrappedBuffer(Pattern.bytes(0, 1_000)));
            OurStream received = pair.far().nextStream();
            received.awaitFin();
            assertThat(received.bytes()).isEqualTo(1_000);

            OurStream reset = pair.near().open(QuicStreamType.BIDIRECTIONAL);
            Waits.done(reset.write(10));
            pair.far().nextStream();
            Waits.done(QuicStreams.reset(reset.channel(), code));
            assertThat(Waits.next(resets, "the reset")).isInstanceOfSatisfying(QuicStreamResetException.class,
                    cause -> assertThat(cause.applicationProtocolCode()).isEqualTo(code));
            assertThat(pair.near().channel().isActive()).isTrue();
            assertThat(pair.far().channel().isActive()).isTrue();
        }
    }

    @Test
    void a_peer_that_missed_a_rapid_close_learns_of_the_end_by_its_idle_timeout() throws Exception {
        QuicSetup idling = ShutdownPair.setup().idleTimeout(Duration.ofSeconds(1));
        try (ShutdownPair pair = direct(ShutdownPair.setup(), idling)) {
            pair.relay().block(Direction.TO_SERVER);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(QuicShutdownPolicy.rapid()));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.UNIDIRECTIONAL);
            assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.ON_WIRE);
            pair.relay().unblock(Direction.TO_SERVER);
            QuicShutdownOutcome told = ShutdownPair.outcome(ShutdownPair.handler(pair.far()).outcome());
            assertThat(told.result()).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(told.initiator()).isEqualTo(ShutdownInitiator.TRANSPORT);
            assertThat(told.close()).isNull();
        }
    }

    @Test
    void waiting_for_the_peer_ends_with_the_connection_however_that_ends() throws Exception {
        QuicSetup idling = ShutdownPair.setup().idleTimeout(Duration.ofMillis(500));
        try (ShutdownPair pair = direct(idling, ShutdownPair.setup())) {
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(QuicShutdownPolicy.waitPeer()));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.TRANSPORT);
            assertThat(outcome.cause()).hasMessageContaining("idle timeout");
        }
    }
}
