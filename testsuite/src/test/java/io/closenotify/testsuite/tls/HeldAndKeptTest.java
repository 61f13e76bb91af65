package io.closenotify.testsuite.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.MessageBoundary;
import io.closenotify.PeerCloseNotifyEvent;
import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TransportPolicy;
import io.closenotify.TruncationException;
import io.closenotify.TruncationPolicy;
import io.closenotify.WriteAfterShutdownException;
import io.closenotify.testkit.ExpectedLog;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultEventExecutor;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is held back, in front of TLS and behind it, is let go on every way out. */
@ExtendWith(LeakAndLogCheck.class)
class HeldAndKeptTest {

    private static final ShutdownPolicy KEEP =
            ShutdownPolicy.bidirectional().toBuilder().transport(TransportPolicy.KEEP).build();
    private static final ShutdownPolicy DEFER =
            ShutdownPolicy.bidirectional().toBuilder().onPeerCloseNotify(PeerClosePolicy.DEFER).build();
    private static final TlsSetup JDK_12 = new TlsSetup(SslProvider.JDK, "TLSv1.2");
    private static final TlsSetup JDK_13 = new TlsSetup(SslProvider.JDK, "TLSv1.3");

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    /** Of engines that go on writing after the other side's close_notify. */
    static Stream<TlsSetup> setupsOfTls13() {
        return TlsSetup.all().stream().filter(TlsSetup::tls13);
    }

    @ParameterizedTest
    @EnumSource(SocketPair.Transport.class)
    void a_kept_transport_whose_input_has_ended_meanwhile_is_closed_as_it_would_have_been(
            SocketPair.Transport transport) throws Exception {
        Recorder application = new Recorder();
        ShutdownPolicy policy = KEEP.toBuilder().onPeerCloseNotify(PeerClosePolicy.DEFER).build();
        try (SocketPair pair = SocketPair.open(transport, JDK_13, true, policy, application)) {
            CompletableFuture<Void> ended = new CompletableFuture<>();
            pair.onOurLoop(() -> pair.ours.pipeline().addFirst(new ChannelInboundHandlerAdapter() {
                @Override
                public void userEventTriggered(ChannelHandlerContext context, Object event) {
                    context.fireUserEventTriggered(event);
                    if (event instanceof ChannelInputShutdownEvent) {
                        ended.complete(null);
                    }
                }
            }));
            pair.peer.pipeline().get(SslHandler.class).closeOutbound();
            ((DuplexChannel) pair.peer).shutdownOutput();
            ended.get(Waits.DEADLINE.toSeconds(), TimeUnit.SECONDS);
            pair.handler.shutdown();
            assertThat(application.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
            Waits.done(pair.ours.closeFuture());
        }
    }

    /** A chain of writes, each begun when the one before is done. */
    @ParameterizedTest
    @MethodSource("setups")
    void a_write_made_when_a_held_one_is_done_goes_out_too(TlsSetup setup) throws Exception {
        EmbeddedTlsPair pair = pair(setup, KEEP, false, new Recorder());
        pair.handler.shutdown();
        pair.ours.runPendingTasks();
        AtomicReference<ChannelFuture> second = new AtomicReference<>();
        ChannelFuture first = pair.ours.writeAndFlush(ascii("first "));
        first.addListener(done -> second.set(pair.ours.writeAndFlush(ascii("second"))));
        EmbeddedTlsPair.take(pair.ours).release();
        pair.peerSsl.closeOutbound();
        pair.peer.runPendingTasks();
        pair.ours.writeInbound(EmbeddedTlsPair.take(pair.peer));
        pair.ours.runPendingTasks();
        assertThat(first.isSuccess()).isTrue();
        assertThat(second.get().isSuccess()).isTrue();
        ByteBuf sent = EmbeddedTlsPair.take(pair.ours);
        assertThat(sent.toString(ISO_8859_1)).isEqualTo("first second");
        sent.release();
        pair.finish();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_write_made_at_the_outcome_of_a_transport_that_is_not_kept_fails(TlsSetup setup) throws Exception {
        AtomicReference<ChannelFuture> late = new AtomicReference<>();
        Recorder application = new Recorder() {
            @Override
            public void userEventTriggered(ChannelHandlerContext context, Object event) {
                super.userEventTriggered(context, event);
                if (event instanceof ShutdownOutcome) {
                    late.set(context.writeAndFlush(ascii("late")));
                }
            }
        };
        EmbeddedTlsPair pair = pair(setup, KEEP, false, application);
        pair.handler.shutdown();
        pair.ours.runPendingTasks();
        pair.handler.abort();
        pair.ours.runPendingTasks();
        assertThat(application.outcomes).hasSize(1);
        assertThat(late.get().isDone()).isTrue();
        assertThat(late.get().isSuccess()).isFalse();
        pair.finish();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void the_transport_is_not_kept_once_what_followed_the_alert_is_gone(TlsSetup setup) throws Exception {
        AtomicReference<TlsShutdownHandler> handler = new AtomicReference<>();
        Text application = new Text();
        EmbeddedTlsPair pair = pair(setup, DEFER, true, application);
        pair.peerSsl.closeOutbound();
        pair.peer.runPendingTasks();
        pair.ours.writeInbound(Unpooled.wrappedBuffer(EmbeddedTlsPair.take(pair.peer), ascii("plaintext")));
        pair.ours.runPendingTasks();
        pair.handler.shutdown(KEEP);
        pair.exchange();
        ShutdownOutcome outcome = application.outcomes.poll();
        boolean kept = outcome != null && outcome.transportKept();
        assertThat(!kept || application.text.toString().equals("plaintext")).isTrue();
        pair.finish();
    }

    @ParameterizedTest
    @EnumSource(SocketPair.Transport.class)
    void the_transport_is_not_kept_once_our_fin_has_left(SocketPair.Transport transport) throws Exception {
        Recorder application = new Recorder();
        try (SocketPair pair = SocketPair.open(transport, JDK_13, true, KEEP, application)) {
            pair.peer.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
            Waits.done(pair.handler.setPolicy(ShutdownPolicy.fast()));
            pair.handler.shutdown();
            Waits.done(pair.peer.pipeline().get(SslHandler.class).sslCloseFuture());
            pair.onOurLoop(() -> { });
            pair.handler.shutdown(KEEP);
            pair.peer.pipeline().get(SslHandler.class).closeOutbound();
            ShutdownOutcome outcome = application.outcome();
            assertThat(outcome.transportKept() && ((DuplexChannel) pair.ours).isOutputShutdown())
                    .as(outcome.toString()).isFalse();
        }
    }

    @Test
    void a_held_alert_is_read_when_the_transport_closes() throws Exception {
        Recorder application = new Recorder();
        EmbeddedTlsPair pair = pair(JDK_12, DEFER, false, application);
        pair.peerSsl.closeOutbound();
        pair.exchange();
        assertThat(application.events).contains(new PeerCloseNotifyEvent(false));
        pair.ours.unsafe().close(pair.ours.voidPromise());
        pair.ours.runPendingTasks();
        ShutdownOutcome outcome = application.outcomes.element();
        assertThat(outcome.closeNotifyReceived()).as(outcome.toString()).isTrue();
        pair.finish();
    }

    @Test
    void a_held_alert_is_read_when_ours_was_declared_sent() throws Exception {
        Recorder application = new Recorder();
        EmbeddedTlsPair pair = pair(JDK_12, DEFER, false, application);
        pair.handler.setCloseNotifySent();
        pair.peerSsl.closeOutbound();
        pair.exchange();
        pair.handler.shutdown();
        pair.exchange();
        pair.ours.advanceTimeBy(6, TimeUnit.SECONDS);
        pair.ours.runPendingTasks();
        ShutdownOutcome outcome = application.outcomes.element();
        assertThat(outcome.closeNotifyReceived()).as(outcome.toString()).isTrue();
        pair.finish();
    }

    @Test
    void what_follows_a_held_alert_is_delivered_when_ours_was_declared_sent() throws Exception {
        Text application = new Text();
        ShutdownPolicy policy = KEEP.toBuilder().onPeerCloseNotify(PeerClosePolicy.DEFER).build();
        EmbeddedTlsPair pair = pair(JDK_12, policy, false, application);
        pair.handler.setCloseNotifySent();
        pair.peerSsl.closeOutbound();
        pair.exchange();
        pair.ours.writeInbound(ascii("plain"));
        pair.ours.writeInbound(ascii("text"));
        pair.handler.shutdown();
        pair.ours.runPendingTasks();
        ShutdownOutcome outcome = application.outcomes.element();
        assertThat(outcome.transportKept()).as(outcome.toString()).isTrue();
        assertThat(application.text).hasToString("plaintext");
        pair.finish();
    }

    @Test
    void a_held_alert_is_read_before_a_fast_end_when_ours_was_declared_sent() throws Exception {
        Recorder application = new Recorder();
        EmbeddedTlsPair pair = pair(JDK_12, DEFER, false, application);
        pair.handler.setCloseNotifySent();
        pair.peerSsl.closeOutbound();
        pair.exchange();
        pair.handler.shutdown(ShutdownPolicy.fast());
        pair.ours.runPendingTasks();
        assertThat(application.outcomes).hasSize(1)
                .allMatch(outcome -> outcome.result() == ShutdownResult.CLEAN);
        pair.finish();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void removing_the_handler_once_the_input_has_ended_closes_as_it_would_have_been(TlsSetup setup) throws Exception {
        Recorder application = new Recorder();
        try (SocketPair pair = SocketPair.open(SocketPair.Transport.NIO, setup, setup, true, DEFER, application)) {
            CompletableFuture<Void> ended = new CompletableFuture<>();
            pair.onOurLoop(() -> pair.ours.pipeline().addFirst(new ChannelInboundHandlerAdapter() {
                @Override
                public void userEventTriggered(ChannelHandlerContext context, Object event) {
                    context.fireUserEventTriggered(event);
                    if (event instanceof ChannelInputShutdownEvent) {
                        ended.complete(null);
                    }
                }
            }));
            pair.peer.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
            pair.peer.pipeline().get(SslHandler.class).closeOutbound();
            ((DuplexChannel) pair.peer).shutdownOutput();
            ended.get(Waits.DEADLINE.toSeconds(), TimeUnit.SECONDS);
            pair.onOurLoop(() -> pair.ours.pipeline().remove(pair.handler));
            Waits.done(pair.ours.closeFuture());
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_policy_set_before_the_end_is_that_of_an_end_which_the_peer_begins(TlsSetup setup) throws Exception {
        Recorder application = new Recorder();
        EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), false, application);
        pair.handler.setPolicy(ShutdownPolicy.quiet().toBuilder().onTruncation(TruncationPolicy.REPORT).build());
        pair.ours.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        pair.ours.runPendingTasks();
        assertThat(application.outcomes).hasSize(1).allMatch(outcome -> outcome.mode() == ShutdownMode.QUIET);
        ByteBuf sent = EmbeddedTlsPair.take(pair.ours);
        assertThat(sent.isReadable()).isFalse();
        sent.release();
        pair.finish();
    }

    @Test
    void a_close_is_not_forgotten_between_two_exceptions() throws Exception {
        EmbeddedTlsPair pair = pair(JDK_13, ShutdownPolicy.fast(), false, new Recorder());
        pair.ours.pipeline().fireExceptionCaught(new IOException("first"));
        ChannelFuture closed = pair.ours.pipeline().close();
        pair.ours.pipeline().fireExceptionCaught(new IOException("second"));
        pair.ours.runPendingTasks();
        pair.ours.advanceTimeBy(6, TimeUnit.SECONDS);
        pair.ours.runPendingTasks();
        assertThat(closed.isDone()).isTrue();
        pair.finish();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void removing_the_handler_while_the_answer_is_deferred_leaves_no_timer(TlsSetup setup) throws Exception {
        Recorder application = new Recorder();
        EmbeddedTlsPair pair = pair(setup, DEFER, false, application);
        pair.peerSsl.closeOutbound();
        pair.exchange();
        assertThat(application.outcomes).isEmpty();
        pair.ours.pipeline().remove(pair.handler);
        assertThat(pair.ours.runScheduledPendingTasks()).isEqualTo(-1);
        pair.finish();
    }

    /** With autoRead on as well: nobody would ask again. */
    @Test
    void a_read_that_waits_for_what_is_held_survives_the_removal_of_the_handler() throws Exception {
        ShutdownPolicy policy = KEEP.toBuilder().onPeerCloseNotify(PeerClosePolicy.DEFER).build();
        EmbeddedTlsPair pair = pair(JDK_13, policy, false, new Recorder());
        AtomicInteger reads = new AtomicInteger();
        pair.ours.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
            @Override
            public void read(ChannelHandlerContext context) throws Exception {
                reads.incrementAndGet();
                super.read(context);
            }
        });
        pair.peerSsl.closeOutbound();
        pair.exchange();
        pair.ours.writeInbound(Unpooled.wrappedBuffer(new byte[1 << 16]));
        reads.set(0);
        pair.ours.read();
        assertThat(reads).hasValue(0);
        pair.ours.pipeline().remove(pair.handler);
        assertThat(reads).hasValue(1);
        pair.finish();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void close_right_after_the_half_close_has_a_deadline(TlsSetup setup) throws Exception {
        Recorder application = new Recorder();
        EmbeddedTlsPair pair = pair(setup, DEFER, false, application);
        pair.handler.shutdown(ShutdownPolicy.halfClose());
        // The peer has nothing to say.
        ChannelFuture closed = pair.ours.pipeline().close();
        EmbeddedTlsPair.take(pair.ours).release();
        pair.ours.runPendingTasks();
        pair.ours.advanceTimeBy(6, TimeUnit.SECONDS);
        pair.ours.runPendingTasks();
        pair.ours.advanceTimeBy(3, TimeUnit.SECONDS);
        pair.ours.runPendingTasks();
        assertThat(closed.isDone()).isTrue();
        pair.finish();
    }

    @ParameterizedTest
    @MethodSource("setupsOfTls13")
    void what_came_on_demand_does_not_count_against_the_cap_of_the_close(TlsSetup setup) throws Exception {
        Recorder application = new Recorder();
        EmbeddedTlsPair pair = pair(setup, DEFER, false, application);
        pair.handler.shutdown(ShutdownPolicy.halfClose().toBuilder().inboundCap(1000).build());
        pair.exchange();
        pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[5000]));
        pair.exchange();
        assertThat(application.bytes).hasValue(5000);
        pair.ours.pipeline().close();
        pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[500]));
        pair.peerSsl.closeOutbound();
        pair.exchange();
        assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(application.bytes).hasValue(5500);
        pair.finish();
    }

    @ParameterizedTest
    @EnumSource(SocketPair.Transport.class)
    void close_while_half_closed_reads_though_auto_read_is_off(SocketPair.Transport transport) throws Exception {
        Recorder application = new Recorder();
        try (SocketPair pair = SocketPair.open(transport, JDK_13, true, ShutdownPolicy.bidirectional(), application)) {
            pair.onOurLoop(() -> {
                pair.ours.config().setAutoRead(false);
                pair.handler.shutdown(ShutdownPolicy.halfClose());
            });
            // The peer's side knows of our alert, and answers behind some data.
            Waits.done(pair.peer.pipeline().get(SslHandler.class).sslCloseFuture());
            pair.peer.writeAndFlush(Unpooled.wrappedBuffer(new byte[1 << 20]));
            pair.peer.pipeline().get(SslHandler.class).closeOutbound();
            pair.ours.close();
            ShutdownOutcome outcome = application.outcome();
            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    @Test
    void a_message_boundary_that_throws_counts_as_a_message_cut() throws Exception {
        Boundary boundary = new Boundary();
        try (SocketPair pair = SocketPair.open(SocketPair.Transport.NIO, JDK_13, true,
                ShutdownPolicy.bidirectional(), boundary)) {
            ((DuplexChannel) pair.peer).shutdownOutput();
            assertThat(boundary.outcome().result()).isEqualTo(ShutdownResult.TRUNCATED);
            Waits.done(pair.ours.closeFuture());
        }
    }

    /** An application that does not know yet that the peer has ended TLS does not speak plaintext unawares. */
    @ParameterizedTest
    @MethodSource("setups")
    void a_write_made_before_the_application_knows_that_the_peer_ended_tls_fails(TlsSetup setup) throws Exception {
        AtomicReference<ChannelFuture> unaware = new AtomicReference<>();
        AtomicReference<ChannelFuture> aware = new AtomicReference<>();
        Recorder application = new Recorder() {
            @Override
            public void userEventTriggered(ChannelHandlerContext context, Object event) {
                super.userEventTriggered(context, event);
                if (event instanceof PeerCloseNotifyEvent) {
                    // Behind the task that answers the peer.
                    context.executor().execute(() -> context.executor().execute(() ->
                            unaware.set(context.writeAndFlush(ascii("secret")))));
                } else if (event instanceof ShutdownOutcome) {
                    aware.set(context.writeAndFlush(ascii("hello")));
                }
            }
        };
        EmbeddedTlsPair pair = pair(setup, KEEP, false, application);
        pair.peerSsl.closeOutbound();
        pair.peer.runPendingTasks();
        pair.ours.writeInbound(EmbeddedTlsPair.take(pair.peer));
        pair.ours.runPendingTasks();
        assertThat(application.outcomes.element().transportKept()).isTrue();
        assertThat(unaware.get().cause()).isInstanceOf(WriteAfterShutdownException.class);
        assertThat(aware.get().isSuccess()).isTrue();
        ByteBuf sent = EmbeddedTlsPair.take(pair.ours);
        assertThat(sent.toString(ISO_8859_1)).doesNotContain("secret").endsWith("hello");
        sent.release();
        pair.finish();
    }

    @ParameterizedTest
    @EnumSource(PeerClosePolicy.class)
    void a_forged_alert_that_was_held_ends_as_a_fatal_alert(PeerClosePolicy onPeerCloseNotify) throws Exception {
        Recorder application = new Recorder() {
            @Override
            public void userEventTriggered(ChannelHandlerContext context, Object event) {
                super.userEventTriggered(context, event);
                if (event instanceof PeerCloseNotifyEvent) {
                    context.close();
                }
            }
        };
        byte[] forged = new byte[5 + 26];
        forged[0] = 21;
        forged[1] = 3;
        forged[2] = 3;
        forged[4] = 26;
        ShutdownPolicy policy = DEFER.toBuilder().transport(TransportPolicy.KEEP)
                .onPeerCloseNotify(onPeerCloseNotify).build();
        try (SocketPair pair = SocketPair.open(SocketPair.Transport.NIO, JDK_12, true, policy, application)) {
            // Past TLS, as an attacker would.
            pair.peer.pipeline().firstContext().writeAndFlush(Unpooled.wrappedBuffer(forged));
            ShutdownOutcome outcome = application.outcome();
            assertThat(application.events).contains(new PeerCloseNotifyEvent(false));
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.FATAL_ALERT);
            assertThat(outcome.sessionResumable()).isFalse();
        }
    }

    @Test
    @ExpectedLog("cannot do all of")
    void a_transport_that_could_not_be_kept_is_no_success() throws Exception {
        Recorder application = new Recorder();
        try (SocketPair pair = SocketPair.open(
                SocketPair.Transport.NIO, JDK_13, true, ShutdownPolicy.bidirectional(), application)) {
            // Too late for the first record.
            pair.onOurLoop(() -> pair.ours.pipeline()
                    .replace(pair.handler, null, TlsShutdownHandler.builder().policy(KEEP).build()));
            pair.peer.pipeline().get(SslHandler.class).closeOutbound();
            ShutdownOutcome outcome = application.outcome();
            assertThat(outcome.result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(outcome.transportKept()).isFalse();
            assertThat(outcome.cause()).hasMessageContaining("kept");
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void an_application_whose_executor_never_gets_to_it_is_not_waited_for_without_end(TlsSetup setup)
            throws Exception {
        DefaultEventExecutor busy = new DefaultEventExecutor();
        CountDownLatch hung = new CountDownLatch(1);
        busy.execute(() -> awaitUninterruptibly(hung));
        Recorder application = new Recorder();
        EmbeddedTlsPair pair = pair(setup, ShutdownPolicy.bidirectional(), false, application);
        pair.ours.pipeline().addLast(busy, new ChannelInboundHandlerAdapter());
        pair.peerSsl.closeOutbound();
        pair.exchange();
        assertThat(application.outcomes).isEmpty();
        pair.ours.advanceTimeBy(30, TimeUnit.SECONDS);
        pair.ours.runPendingTasks();
        pair.exchange();
        assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
        hung.countDown();
        pair.finish();
        Waits.done(busy.shutdownGracefully(0, 1, TimeUnit.SECONDS));
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The first byte of a record is no close_notify, and forges none. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4, 5, 20})
    void an_alert_that_is_cut_off_is_a_truncation(int bytes) throws Exception {
        byte[] record = new byte[5 + 26];
        record[0] = 21;
        record[1] = 3;
        record[2] = 3;
        record[4] = 26;
        Recorder application = new Recorder();
        try (SocketPair pair = SocketPair.open(SocketPair.Transport.NIO, JDK_12, false, DEFER, application)) {
            pair.peer.pipeline().firstContext().writeAndFlush(Unpooled.wrappedBuffer(record, 0, bytes))
                    .addListener(sent -> ((DuplexChannel) pair.peer).shutdownOutput());
            assertThat(application.outcome().result()).isEqualTo(ShutdownResult.TRUNCATED);
            assertThat(application.events).doesNotHaveAnyElementsOfTypes(PeerCloseNotifyEvent.class);
            assertThat(application.exceptions).hasOnlyElementsOfType(TruncationException.class);
        }
    }

    @Test
    void an_alert_is_told_when_all_of_it_has_come() throws Exception {
        Recorder application = new Recorder();
        EmbeddedTlsPair pair = pair(JDK_12, DEFER, false, application);
        pair.peerSsl.closeOutbound();
        ByteBuf alert = pair.takeFromPeer();
        while (alert.isReadable()) {
            assertThat(application.events).doesNotContain(new PeerCloseNotifyEvent(false));
            pair.toUs(alert.readRetainedSlice(1));
        }
        alert.release();
        assertThat(application.events).containsOnlyOnce(new PeerCloseNotifyEvent(false));
        pair.handler.shutdown();
        pair.exchange();
        assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
        pair.finish();
    }

    private static final class Boundary extends Recorder implements MessageBoundary {

        @Override
        public boolean isMessageInFlight() {
            throw new IllegalStateException("cannot tell");
        }
    }

    private static final class Text extends Recorder {

        private final StringBuilder text = new StringBuilder();

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            text.append(((ByteBuf) message).toString(ISO_8859_1));
            super.channelRead(context, message);
        }
    }

    private static ByteBuf ascii(String text) {
        return Unpooled.copiedBuffer(text, ISO_8859_1);
    }

    /** A server. */
    private static EmbeddedTlsPair pair(
            TlsSetup setup, ShutdownPolicy policy, boolean keepable, Recorder application) {
        return new EmbeddedTlsPair(setup.handler(false), setup.with(SslProvider.JDK).handler(true),
                TlsShutdownHandler.builder().policy(policy).keepable(keepable).build(), application);
    }
}
