package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.ShutdownState.Want;
import io.closenotify.testkit.ExpectedLog;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.tls.SocketPair.Transport;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Verdicts that come easily and would be wrong: alarms without cause, and success without right. */
@ExtendWith(LeakAndLogCheck.class)
class VerdictTest {

    private static final int BYTES = 8_000_000;

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    static List<TlsSetup> setupsOfTls13() {
        return TlsSetup.all().stream().filter(TlsSetup::tls13).toList();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_late_write_that_tells_its_failure_to_the_pipeline_is_no_reset(TlsSetup setup) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            pair.handler.shutdown();
            pair.toPeer();
            pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[1]), pair.ours.voidPromise());
            pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[1]))
                    .addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
            pair.run();
            assertThat(application.outcomes).as("still waiting for the peer").isEmpty();
            assertThat(application.exceptions).as("told to the application").hasSize(2);
            end(pair);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_late_write_does_not_cut_off_what_is_being_flushed(TlsSetup setup) throws Exception {
        Recorder peer = new SafetyTest.ClosingPeer();
        try (SocketPair pair = sockets(setup, ShutdownPolicy.bidirectional(), peer)) {
            pair.peer.config().setAutoRead(false);
            pair.onOurLoop(() -> {
                pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[BYTES]));
                pair.ours.close();
                pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[1]), pair.ours.voidPromise());
            });
            pair.peer.config().setAutoRead(true);
            ShutdownOutcome outcome = pair.ourApplication.outcome();
            Waits.done(pair.peer.closeFuture());
            assertThat(peer.bytes).as(outcome.toString()).hasValue(BYTES);
            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_close_directly_behind_a_write_that_met_a_reset_tells_the_reset(TlsSetup setup) throws Exception {
        try (SocketPair pair = sockets(setup, ShutdownPolicy.bidirectional(), new Recorder())) {
            pair.onOurLoop(() -> {
                pair.peer.config().setOption(ChannelOption.SO_LINGER, 0);
                pair.peer.eventLoop().execute(() -> pair.peer.unsafe().close(pair.peer.voidPromise()));
                // In one turn of the loop, so that no read meets it first.
                long deadline = System.nanoTime() + Waits.DEADLINE.toNanos();
                while (pair.ours.isOpen() && System.nanoTime() < deadline) {
                    pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[1]));
                }
                assertThat(pair.ours.isOpen()).as("a write has met the reset").isFalse();
                pair.ours.close();
            });
            ShutdownOutcome outcome = pair.ourApplication.outcome();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.RESET);
            assertThat(outcome.cause()).isInstanceOf(IOException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_quiet_shutdown_over_which_the_engine_answers_is_not_told_as_quiet(TlsSetup setup) {
        Recorder application = new Recorder() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                super.channelRead(context, message);
                context.pipeline().get(TlsShutdownHandler.class).shutdown();
            }
        };
        ShutdownPolicy quiet = ShutdownPolicy.quiet().toBuilder().linger(Duration.ZERO).build();
        try (EmbeddedTlsPair pair = pair(setup, quiet, application)) {
            pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[100]));
            pair.peerSendsCloseNotify();
            pair.exchange();
            pair.takeFromUs().release();
            assertThat(application.outcomes.element().result())
                    .isEqualTo(pair.alertsFromUs(setup) == 0 ? ShutdownResult.QUIET : ShutdownResult.CLEAN);
            end(pair);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_write_behind_close_on_another_thread_is_refused_or_sent_and_harms_nothing(TlsSetup setup) throws Exception {
        // Netty binds such a write to the SslHandler when it is called, so that no later handler can stop it.
        for (int run = 0; run < 20; run++) {
            Recorder peer = new SafetyTest.ClosingPeer();
            try (SocketPair pair = sockets(setup, ShutdownPolicy.bidirectional(), peer)) {
                pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[100_000]));
                pair.ours.close();
                boolean sent = Waits.done(pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[100]))).isSuccess();
                ShutdownOutcome outcome = pair.ourApplication.outcome();
                Waits.done(pair.peer.closeFuture());
                assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.CLEAN);
                assertThat(peer.bytes).hasValue(sent ? 100_100 : 100_000);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void an_io_exception_of_the_application_ends_nothing(TlsSetup setup) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            pair.ours.newPromise().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE)
                    .setFailure(new FileNotFoundException("a file of the application"));
            pair.run();
            assertThat(application.exceptions).hasSize(1);
            assertThat(application.outcomes).isEmpty();
            assertThat(pair.ours.isOpen()).isTrue();
            end(pair);
        }
    }

    @ParameterizedTest
    @MethodSource("setupsOfTls13")
    void auto_read_switched_off_while_waiting_makes_no_peer_silent(TlsSetup setup) throws Exception {
        ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder().peerTimeout(Duration.ofMillis(300)).build();
        try (SocketPair pair = sockets(setup, policy, new Recorder())) {
            awaitPeer(pair);
            pair.onOurLoop(() -> pair.ours.config().setAutoRead(false));
            Waits.done(pair.peer.pipeline().get(SslHandler.class).closeOutbound());
            assertThat(pair.ourApplication.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    @ParameterizedTest
    @MethodSource("setupsOfTls13")
    void a_close_in_front_while_waiting_is_not_the_peers_doing(TlsSetup setup) throws Exception {
        try (SocketPair pair = sockets(setup, ShutdownPolicy.bidirectional(), new Recorder())) {
            awaitPeer(pair);
            pair.onOurLoop(() -> pair.ours.pipeline().firstContext().close());
            ShutdownOutcome outcome = pair.ourApplication.outcome();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.ABORTED);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void data_that_the_engine_closed_over_is_no_clean_end(TlsSetup setup) {
        boolean[] written = new boolean[1];
        Recorder application = new Recorder() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                super.channelRead(context, message);
                context.write(Unpooled.wrappedBuffer(new byte[1000]))
                        .addListener(done -> written[0] = done.isSuccess());
            }

            @Override
            public void channelReadComplete(ChannelHandlerContext context) {
                context.flush();
            }
        };
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[100]));
            pair.peerSendsCloseNotify();
            pair.exchange();
            assertThat(application.outcomes.element().result())
                    .isEqualTo(written[0] ? ShutdownResult.CLEAN : ShutdownResult.FLUSH_FAILED);
            assertThat(written[0]).isEqualTo(pair.handler.capabilities().answersAfterApplication());
            end(pair);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void close_inside_the_outcome_event_sends_no_alert_of_its_own(TlsSetup setup) {
        Recorder quiet = new ClosingOnOutcome();
        ShutdownPolicy policy = ShutdownPolicy.quiet().toBuilder().linger(Duration.ZERO).build();
        try (EmbeddedTlsPair pair = pair(setup, policy, quiet)) {
            pair.handler.shutdown();
            pair.takeFromUs().release();
            assertThat(quiet.outcomes.element().result()).isEqualTo(ShutdownResult.QUIET);
            assertThat(pair.alertsFromUs(setup)).isZero();
        }
        Recorder aborted = new ClosingOnOutcome();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), aborted)) {
            pair.ours.write(Unpooled.wrappedBuffer(new byte[1000]));
            pair.handler.abort();
            pair.takeFromUs().release();
            assertThat(aborted.outcomes.element().result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(pair.alertsFromUs(setup)).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void removed_at_the_peers_close_notify_the_handler_leaves_nothing_behind(TlsSetup setup) {
        Recorder application = new Recorder() {
            @Override
            public void userEventTriggered(ChannelHandlerContext context, Object event) {
                super.userEventTriggered(context, event);
                if (event == SslCloseCompletionEvent.SUCCESS) {
                    context.pipeline().remove(TlsShutdownHandler.class);
                }
            }
        };
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            pair.peerSendsCloseNotify();
            pair.exchange();
            assertThat(pair.ours.pipeline().names()).hasSize(3);
            pair.advance(PeerBehaviour.atMost());
            assertThat(pair.ours.isOpen()).isTrue();
            assertThat(application.outcomes).isEmpty();
            assertThatThrownBy(pair.handler::shutdown).isInstanceOf(IllegalStateException.class);
            pair.ours.close();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    @ExpectedLog("NullPointerException")
    void an_ssl_handler_that_is_removed_before_the_alert_makes_no_success(TlsSetup setup) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.fast(), application)) {
            Holding holding = new Holding();
            pair.ours.pipeline().addFirst(holding);
            pair.handler.shutdown();
            pair.run();
            pair.ours.pipeline().remove(SslHandler.class);
            holding.release(pair.ours);
            pair.run();
            pair.advance(PeerBehaviour.atMost());
            assertThat(application.outcomes.element().isSuccess()).as(application.outcomes.toString()).isFalse();
            pair.takeFromUs().release();
            assertThat(pair.alertsFromUs(setup)).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void the_handshake_of_an_outer_tls_is_not_ours(TlsSetup setup) {
        Recorder application = new Recorder();
        EmbeddedChannel peer = new EmbeddedChannel(setup.with(SslProvider.JDK).handler(false), new Recorder());
        EmbeddedChannel ours = new EmbeddedChannel(setup.handler(true), setup.handler(true),
                TlsShutdownHandler.builder().build(), application);
        ours.freezeTime();
        SafetyTest.exchange(ours, peer);
        ours.pipeline().close();
        for (int second = 0; second < 60; second++) {
            SafetyTest.exchange(ours, peer);
            ours.advanceTimeBy(1, TimeUnit.SECONDS);
            ours.runScheduledPendingTasks();
        }
        assertThat(application.outcomes.element().result()).as(application.outcomes.toString())
                .isEqualTo(ShutdownResult.ABORTED);
        ours.finishAndReleaseAll();
        peer.finishAndReleaseAll();
    }

    private static EmbeddedTlsPair pair(TlsSetup setup, ShutdownPolicy policy, Recorder application) {
        return new EmbeddedTlsPair(setup, true, policy, application);
    }

    private static SocketPair sockets(TlsSetup setup, ShutdownPolicy policy, Recorder peer) throws Exception {
        return SocketPair.open(Transport.NIO, setup, true, policy, new Recorder(), peer);
    }

    private static void end(EmbeddedTlsPair pair) {
        pair.handler.abort();
        pair.run();
        pair.takeFromUs().release();
    }

    /** The flush and the alert are tasks that follow the call. */
    private static void awaitPeer(SocketPair pair) throws InterruptedException {
        pair.onOurLoop(() -> pair.handler.shutdown());
        for (int task = 0; task < 3; task++) {
            pair.onOurLoop(() -> { });
        }
        assertThat(pair.handler.state().want()).isEqualTo(Want.WANT_READ);
    }

    private static final class ClosingOnOutcome extends Recorder {

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            super.userEventTriggered(context, event);
            if (event instanceof ShutdownOutcome) {
                context.close();
            }
        }
    }

    /** Holds writes back, as a transport does that cannot take them. */
    private static final class Holding extends ChannelOutboundHandlerAdapter {

        private final Queue<Object> messages = new ArrayDeque<>();
        private final Queue<ChannelPromise> promises = new ArrayDeque<>();

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            messages.add(message);
            promises.add(promise);
        }

        void release(EmbeddedChannel channel) {
            ChannelHandlerContext context = channel.pipeline().context(this);
            while (!messages.isEmpty()) {
                if (context != null) {
                    context.writeAndFlush(messages.remove(), promises.remove());
                } else {
                    ReferenceCountUtil.release(messages.remove());
                    promises.remove().tryFailure(new ClosedChannelException());
                }
            }
        }
    }
}
