package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.ShutdownException;
import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.ShutdownState.Want;
import io.closenotify.WriteAfterShutdownException;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.tls.SocketPair.Transport;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultEventExecutor;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Any call, in any state, from anywhere: every promise is done, nothing leaks, nothing is logged. Channels are closed
 * by their pipelines: {@code EmbeddedChannel.close()} cancels every timer.
 */
@ExtendWith(LeakAndLogCheck.class)
class SafetyTest {

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void before_the_handshake_every_mode_is_aborted_and_every_promise_done(TlsSetup setup) {
        for (boolean client : List.of(true, false)) {
            for (ShutdownMode mode : ShutdownMode.values()) {
                Recorder application = new Recorder();
                TlsShutdownHandler handler =
                        TlsShutdownHandler.builder().policy(ShutdownPolicy.of(mode)).build();
                EmbeddedChannel channel = new EmbeddedChannel(setup.handler(client), handler, application);
                channel.freezeTime();
                ChannelFuture written = channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[10]));
                ChannelFuture closed = channel.pipeline().close();
                channel.advanceTimeBy(1, TimeUnit.MINUTES);
                channel.runScheduledPendingTasks();
                assertThat(closed.cause()).isInstanceOf(ShutdownException.class);
                assertThat(written.cause()).isNotNull();
                assertThat(application.outcomes).hasSize(1);
                assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.ABORTED);
                assertThat(application.outcomes.element().initiator()).isEqualTo(ShutdownInitiator.LOCAL);
                assertThat(channel.isOpen()).isFalse();
                channel.finishAndReleaseAll();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void during_the_handshake_a_close_is_aborted(TlsSetup setup) {
        for (boolean client : List.of(true, false)) {
            Recorder application = new Recorder();
            TlsShutdownHandler handler = TlsShutdownHandler.builder().build();
            EmbeddedChannel peer = new EmbeddedChannel(setup.handler(!client), new Recorder());
            EmbeddedChannel channel = new EmbeddedChannel(setup.handler(client), handler, application);
            channel.freezeTime();
            // One flight: far enough for both to have begun, not to be done.
            EmbeddedChannel first = client ? channel : peer;
            EmbeddedChannel second = client ? peer : channel;
            for (Object hello = first.readOutbound(); hello != null; hello = first.readOutbound()) {
                second.writeInbound(hello);
            }
            ChannelFuture closed = channel.pipeline().close();
            channel.advanceTimeBy(1, TimeUnit.MINUTES);
            channel.runScheduledPendingTasks();
            assertThat(closed.cause()).isInstanceOf(ShutdownException.class);
            assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(application.outcomes).hasSize(1);
            assertThat(channel.isOpen()).isFalse();
            channel.finishAndReleaseAll();
            peer.finishAndReleaseAll();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_failed_handshake_is_aborted(TlsSetup setup) {
        for (boolean client : List.of(true, false)) {
            Recorder application = new Recorder();
            TlsShutdownHandler handler = TlsShutdownHandler.builder().build();
            EmbeddedChannel channel = new EmbeddedChannel(setup.handler(client), handler, application);
            channel.writeInbound(Unpooled.wrappedBuffer("GET / HTTP/1.1\r\n\r\n".getBytes()));
            channel.runPendingTasks();
            ShutdownOutcome outcome = application.outcomes.element();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(outcome.sessionResumable()).isFalse();
            assertThat(application.exceptions).isNotEmpty();
            ShutdownFuture after = handler.shutdown();
            assertThat(after.isDone()).isTrue();
            assertThat(after.outcome()).isSameAs(outcome);
            assertThat(channel.close().isDone()).isTrue();
            channel.finishAndReleaseAll();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_shutdown_in_a_listener_of_the_handshake_is_a_proper_one(TlsSetup setup) {
        // SslHandler completes the future before it tells the pipeline.
        Recorder application = new Recorder();
        TlsShutdownHandler handler = TlsShutdownHandler.builder().build();
        SslHandler ssl = setup.handler(true);
        EmbeddedChannel channel = new EmbeddedChannel(ssl, handler, application);
        EmbeddedChannel peer = new EmbeddedChannel(setup.with(SslProvider.JDK).handler(false), new ClosingPeer());
        channel.freezeTime();
        ssl.handshakeFuture().addListener(done -> handler.shutdown());
        exchange(channel, peer);
        channel.advanceTimeBy(1, TimeUnit.MINUTES);
        channel.runScheduledPendingTasks();
        assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
        channel.finishAndReleaseAll();
        peer.finishAndReleaseAll();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void close_twice_and_shutdown_join_one_shutdown(TlsSetup setup) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            ChannelFuture first = pair.ours.pipeline().close();
            ChannelFuture second = pair.ours.pipeline().disconnect();
            ShutdownFuture third = pair.handler.shutdown();
            assertThat(pair.handler.state().want()).isEqualTo(Want.WANT_WRITE);
            pair.run();
            assertThat(pair.handler.state().want()).isEqualTo(Want.WANT_READ);
            pair.toPeer();
            pair.peerSendsCloseNotify();
            pair.exchange();
            pair.advance(PeerBehaviour.atMost());
            assertThat(first.isSuccess()).isTrue();
            assertThat(second.isSuccess()).isTrue();
            assertThat(third.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(application.outcomes).hasSize(1);
            assertThat(pair.alertsFromUs(setup)).isEqualTo(1);
            assertThat(pair.handler.state().want()).isEqualTo(Want.NOTHING);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_failure_fails_every_promise_of_every_call(TlsSetup setup) {
        // Stock: a second close() waits on sslCloseFuture, and succeeds though the wait failed.
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            ChannelFuture first = pair.ours.pipeline().close();
            ChannelFuture second = pair.ours.pipeline().close();
            ShutdownFuture third = pair.handler.shutdown();
            pair.takeFromUs().release();
            pair.advance(PeerBehaviour.atMost());
            for (io.netty.util.concurrent.Future<?> future : List.of(first, second, third)) {
                assertThat(future.cause()).isInstanceOfSatisfying(ShutdownException.class, e ->
                        assertThat(e.outcome().result()).isEqualTo(ShutdownResult.PEER_SILENT));
            }
            assertThat(third.outcome()).isSameAs(application.outcomes.element());
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_silent_peer_costs_the_peer_timeout_and_not_more(TlsSetup setup) {
        Recorder application = new Recorder();
        Duration timeout = Duration.ofSeconds(5);
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            ShutdownFuture future = pair.handler.shutdown();
            pair.takeFromUs().release();
            pair.advance(timeout.minusMillis(1));
            assertThat(future.isDone()).isFalse();
            pair.advance(Duration.ofMillis(1));
            assertThat(future.isDone()).isTrue();
            assertThat(future.isSuccess()).isFalse();
            assertThat(future.outcome().result()).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(pair.ours.isOpen()).as("lingers, so that nothing of ours is destroyed").isTrue();
            pair.advance(Duration.ofSeconds(2));
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_peer_timeout_of_zero_waits_without_end(TlsSetup setup) {
        Recorder application = new Recorder();
        ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder().peerTimeout(Duration.ZERO).build();
        try (EmbeddedTlsPair pair = pair(setup, policy, application)) {
            ShutdownFuture future = pair.handler.shutdown();
            pair.toPeer();
            pair.dropFromPeer();
            pair.advance(Duration.ofDays(300));
            assertThat(future.isDone()).isFalse();
            assertThat(pair.handler.abort().outcome().result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(future.outcome().result()).isEqualTo(ShutdownResult.ABORTED);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void waiting_is_hastened_by_fast_and_strengthened_again_by_bidirectional(TlsSetup setup) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            ShutdownFuture slow = pair.handler.shutdown();
            pair.takeFromUs().release();
            assertThat(pair.handler.state().want()).isEqualTo(Want.WANT_READ);
            ShutdownFuture fast = pair.handler.shutdown(ShutdownPolicy.fast());
            assertThat(pair.handler.state().want()).isEqualTo(Want.NOTHING);
            ShutdownFuture strong = pair.handler.shutdown(ShutdownPolicy.bidirectional());
            assertThat(pair.handler.state().want()).isEqualTo(Want.WANT_READ);
            pair.handler.shutdown(ShutdownPolicy.quiet());
            assertThat(pair.handler.state().want()).isEqualTo(Want.NOTHING);
            pair.advance(Duration.ofSeconds(2));
            for (ShutdownFuture future : List.of(slow, fast, strong)) {
                assertThat(future.getNow().result()).isEqualTo(ShutdownResult.UNIDIRECTIONAL);
                assertThat(future.getNow().mode()).isEqualTo(ShutdownMode.FAST);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void writes_after_shutdown_fail_clearly_and_are_released(TlsSetup setup) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            pair.handler.shutdown();
            ByteBuf late = Unpooled.buffer().writeLong(1);
            ChannelFuture written = pair.ours.writeAndFlush(late);
            assertThat(written.cause()).isInstanceOf(WriteAfterShutdownException.class)
                    .isInstanceOf(ClosedChannelException.class).hasMessageContaining("write after shutdown()");
            assertThat(late.refCnt()).isZero();
            pair.toPeer();
            assertThat(pair.peerApplication.bytes).hasValue(0);
            pair.advance(PeerBehaviour.atMost());
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void what_was_written_but_not_flushed_goes_out_before_the_alert(TlsSetup setup) {
        // Stock: close() shuts the engine down before it flushes, and fails such data.
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            ChannelFuture written = pair.ours.write(Unpooled.wrappedBuffer(new byte[100_000]));
            pair.ours.pipeline().close();
            pair.run();
            assertThat(written.isSuccess()).isTrue();
            pair.toPeer();
            assertThat(pair.peerApplication.bytes).hasValue(100_000);
            assertThat(pair.peerApplication.closeNotifies()).isEqualTo(1);
            pair.advance(PeerBehaviour.atMost());
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void what_a_handler_holds_back_until_the_flush_goes_out_before_the_alert(TlsSetup setup) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            pair.ours.pipeline().addAfter(pair.ours.pipeline().context(pair.handler).name(), null,
                    new ChannelOutboundHandlerAdapter() {
                        private final List<Object> held = new ArrayList<>();

                        @Override
                        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                            held.add(message);
                        }

                        @Override
                        public void flush(ChannelHandlerContext context) {
                            held.forEach(context::write);
                            held.clear();
                            context.flush();
                        }
                    });
            pair.ours.write(Unpooled.wrappedBuffer(new byte[1000]));
            pair.handler.shutdown();
            pair.toPeer();
            assertThat(pair.peerApplication.bytes).hasValue(1000);
            assertThat(pair.peerApplication.closeNotifies()).isEqualTo(1);
            pair.advance(PeerBehaviour.atMost());
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_shutdown_inside_channel_read_with_a_partly_read_record_loses_nothing(TlsSetup setup) {
        Recorder application = new Recorder() {
            private boolean begun;

            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                super.channelRead(context, message);
                if (!begun) {
                    begun = true;
                    context.close();
                }
            }
        };
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[100_000]));
            ByteBuf data = pair.takeFromPeer();
            // Odd segments: every record is cut somewhere.
            while (data.isReadable()) {
                pair.toUs(data.readRetainedSlice(Math.min(5_003, data.readableBytes())));
            }
            data.release();
            pair.toPeer();
            pair.peerSendsCloseNotify();
            pair.exchange();
            assertThat(application.bytes).hasValue(100_000);
            assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(pair.alertsFromUs(setup)).isEqualTo(1);
            pair.advance(PeerBehaviour.atMost());
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void flags_set_by_the_caller_count_as_exchanged(TlsSetup setup) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            assertThat(pair.handler.setCloseNotifySent().isSuccess()).isTrue();
            assertThat(pair.handler.setCloseNotifyReceived().isSuccess()).isTrue();
            assertThat(pair.handler.state().closeNotifySent()).isTrue();
            assertThat(pair.handler.state().closeNotifyReceived()).isTrue();
            pair.handler.shutdown();
            assertThat(pair.handler.setCloseNotifySent().cause()).isInstanceOf(IllegalStateException.class);
            pair.advance(PeerBehaviour.atMost());
            assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.QUIET);
            assertThat(pair.alertsFromUs(setup)).isZero();
        }
    }

    @Test
    void without_an_ssl_handler_close_closes_and_shutdown_says_what_is_missing() {
        TlsShutdownHandler handler = TlsShutdownHandler.builder().build();
        EmbeddedChannel channel = new EmbeddedChannel(handler);
        ShutdownFuture future = handler.shutdown();
        assertThat(future.cause()).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no SslHandler in front of the TlsShutdownHandler");
        assertThat(future.outcome()).isNull();
        assertThat(handler.capabilities()).isNull();
        assertThat(channel.close().isSuccess()).isTrue();
        channel.finishAndReleaseAll();
        assertThatThrownBy(() -> TlsShutdownHandler.builder().build().shutdown())
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("in no pipeline");
    }

    @ParameterizedTest
    @MethodSource("setups")
    void an_ssl_handler_that_comes_later_is_found(TlsSetup setup) {
        // StartTLS: plaintext first.
        Recorder application = new Recorder();
        TlsShutdownHandler handler = TlsShutdownHandler.builder().build();
        EmbeddedChannel channel = new EmbeddedChannel(handler, application);
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[3]));
        assertThat(application.bytes).hasValue(3);
        EmbeddedChannel peer = new EmbeddedChannel(setup.with(SslProvider.JDK).handler(false), new Recorder());
        channel.freezeTime();
        channel.pipeline().addFirst(setup.handler(true));
        exchange(channel, peer);
        channel.pipeline().close();
        exchange(channel, peer);
        peer.pipeline().get(SslHandler.class).closeOutbound();
        exchange(channel, peer);
        channel.advanceTimeBy(1, TimeUnit.MINUTES);
        channel.runScheduledPendingTasks();
        assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
        channel.finishAndReleaseAll();
        peer.finishAndReleaseAll();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_handler_that_comes_after_the_handshake_takes_over(TlsSetup setup) {
        Recorder application = new Recorder();
        EmbeddedChannel channel = new EmbeddedChannel(setup.handler(true), application);
        EmbeddedChannel peer = new EmbeddedChannel(setup.with(SslProvider.JDK).handler(false), new Recorder());
        channel.freezeTime();
        exchange(channel, peer);
        channel.pipeline().addBefore(channel.pipeline().context(application).name(), null,
                TlsShutdownHandler.builder().build());
        peer.pipeline().get(SslHandler.class).closeOutbound();
        exchange(channel, peer);
        channel.advanceTimeBy(1, TimeUnit.MINUTES);
        channel.runScheduledPendingTasks();
        assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(application.outcomes.element().initiator()).isEqualTo(ShutdownInitiator.PEER);
        channel.finishAndReleaseAll();
        peer.finishAndReleaseAll();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void removed_again_the_handler_leaves_a_stock_pipeline(TlsSetup setup) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            pair.ours.pipeline().remove(pair.handler);
            assertThat(pair.ours.pipeline().names()).hasSize(3);
            pair.peerSendsCloseNotify();
            pair.exchange();
            assertThat(application.outcomes).isEmpty();
            assertThat(application.closeNotifies()).isEqualTo(1);
            pair.ours.pipeline().close();
            pair.run();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void removed_during_a_shutdown_everything_ends_as_aborted(TlsSetup setup) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), application)) {
            ChannelFuture closed = pair.ours.pipeline().close();
            ShutdownFuture future = pair.handler.shutdown();
            pair.ours.pipeline().remove(pair.handler);
            pair.run();
            assertThat(future.outcome().result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(future.outcome().cause()).hasMessageContaining("removed");
            assertThat(closed.cause()).isInstanceOf(ShutdownException.class);
        }
    }

    @Test
    void on_an_executor_of_its_own_the_handler_is_refused() throws Exception {
        Recorder application = new Recorder();
        EmbeddedChannel channel = new EmbeddedChannel(application);
        DefaultEventExecutor executor = new DefaultEventExecutor();
        try {
            channel.pipeline().addFirst(executor, TlsShutdownHandler.builder().build());
            Waits.done(executor.submit(() -> { }));
            assertThat(application.exceptions).hasSize(1)
                    .allMatch(cause -> cause.getMessage().endsWith("removed."));
        } finally {
            executor.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            channel.finishAndReleaseAll();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void five_threads_at_once_join_one_shutdown(TlsSetup setup) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(5);
        Recorder peer = new ClosingPeer();
        try (SocketPair pair = SocketPair.open(Transport.NIO, setup, true,
                ShutdownPolicy.bidirectional(), new Recorder(), peer)) {
            pair.ours.config().setAutoRead(false);
            CountDownLatch start = new CountDownLatch(1);
            List<Callable<io.netty.util.concurrent.Future<?>>> calls = List.of(
                    () -> pair.ours.close(), () -> pair.handler.shutdown(), () -> pair.ours.disconnect(),
                    () -> pair.handler.shutdown(ShutdownPolicy.bidirectional()), () -> pair.ours.close());
            List<Future<io.netty.util.concurrent.Future<?>>> results = new ArrayList<>();
            for (Callable<io.netty.util.concurrent.Future<?>> call : calls) {
                results.add(threads.submit(() -> {
                    start.await();
                    return call.call();
                }));
            }
            start.countDown();
            for (Future<io.netty.util.concurrent.Future<?>> result : results) {
                io.netty.util.concurrent.Future<?> future = result.get(10, TimeUnit.SECONDS);
                assertThat(Waits.done(future).cause()).isNull();
            }
            assertThat(pair.ourApplication.outcomes).hasSize(1);
            assertThat(pair.ourApplication.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(pair.ourApplication.exceptions).isEmpty();
            assertThat(peer.exceptions).isEmpty();
        } finally {
            threads.shutdownNow();
        }
    }

    /** Closes, as a stock application does, when it is told of the end. */
    static final class ClosingPeer extends Recorder {

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            super.userEventTriggered(context, event);
            if (event == SslCloseCompletionEvent.SUCCESS) {
                context.close();
            }
        }
    }

    private static EmbeddedTlsPair pair(TlsSetup setup, ShutdownPolicy policy, Recorder application) {
        return new EmbeddedTlsPair(setup, true, policy, application);
    }

    static void exchange(EmbeddedChannel first, EmbeddedChannel second) {
        boolean moved;
        do {
            first.runPendingTasks();
            second.runPendingTasks();
            moved = move(first, second) | move(second, first);
        } while (moved);
    }

    private static boolean move(EmbeddedChannel from, EmbeddedChannel to) {
        boolean moved = false;
        for (Object message = from.readOutbound(); message != null; message = from.readOutbound()) {
            moved = true;
            if (to.isOpen()) {
                to.writeInbound(message);
            } else {
                ReferenceCountUtil.release(message);
            }
        }
        return moved;
    }
}
