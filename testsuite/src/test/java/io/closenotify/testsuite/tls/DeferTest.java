package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.PeerCloseNotifyEvent;
import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.WriteAfterShutdownException;
import io.closenotify.testkit.ExpectedLog;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.tls.SocketPair.Transport;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The peer's close_notify is answered when the application is done. */
@ExtendWith(LeakAndLogCheck.class)
class DeferTest {

    private static final ShutdownPolicy DEFER =
            ShutdownPolicy.bidirectional().toBuilder().onPeerCloseNotify(PeerClosePolicy.DEFER).build();
    private static final int REQUEST = 100;
    private static final int PIECE = 50_000;
    private static final int PIECES = 40;
    private static final int CONNECTIONS = 4;
    private static final ExecutorService WRITERS = Executors.newCachedThreadPool();

    /** What befalls an alert that is held. */
    enum Release { BY_CLOSE, BY_CLOSE_AFTER_FIN, BY_CHANNEL_INACTIVE, BY_DEADLINE }

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    static Stream<Arguments> setupsAndTransports() {
        return TlsSetup.cross(setups().stream(), Transport.values());
    }

    static Stream<Arguments> setupsAndRoles() {
        return TlsSetup.cross(setups().stream(), new Boolean[] {true, false});
    }

    @AfterAll
    static void stopWriters() {
        WRITERS.shutdownNow();
    }

    @ParameterizedTest
    @MethodSource("setupsAndTransports")
    void two_megabytes_written_later_elsewhere_in_pieces_reach_a_slow_reader(TlsSetup setup, Transport transport)
            throws Exception {
        for (boolean fin : List.of(true, false)) {
            List<SocketPair> pairs = new ArrayList<>();
            Queue<SlowReader> readers = new ArrayDeque<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                SlowReader reader = new SlowReader();
                SocketPair pair = SocketPair.open(transport, setup, i % 4 == 0, DEFER, new Later(), reader);
                readers.add(reader);
                pairs.add(pair);
                pair.peer.eventLoop().execute(() -> requestAndCloseNotify(pair, fin));
            }
            for (SocketPair pair : pairs) {
                ShutdownOutcome outcome = pair.ourApplication.outcome();
                assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.CLEAN);
                assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.PEER);
                Waits.done(pair.peer.closeFuture());
                SlowReader reader = readers.remove();
                assertThat(reader.bytes).as(outcome.toString()).hasValue(PIECE * PIECES);
                assertThat(reader.closeNotifies()).isEqualTo(1);
                assertThat(reader.exceptions).isEmpty();
                assertThat(pair.ourApplication.exceptions).isEmpty();
                pair.close();
            }
        }
    }

    private static void requestAndCloseNotify(SocketPair pair, boolean fin) {
        pair.peer.config().setAutoRead(false);
        pair.peer.read();
        pair.peer.write(Unpooled.wrappedBuffer(new byte[REQUEST]));
        pair.peer.flush();
        pair.peer.pipeline().get(SslHandler.class).closeOutbound().addListener((ChannelFutureListener) sent -> {
            if (fin) {
                ((DuplexChannel) pair.peer).shutdownOutput();
            }
        });
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void the_application_is_told_once_behind_all_data_and_answers_when_it_closes(TlsSetup setup, boolean client) {
        for (boolean fin : List.of(true, false)) {
            Told application = new Told();
            try (EmbeddedTlsPair pair = pair(setup, client, DEFER, application)) {
                pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[40_000]));
                pair.peerSendsCloseNotify();
                pair.exchange();
                assertThat(application.bytesWhenTold).containsExactly(40_000L);
                assertThat(application.told()).containsExactly(
                        new PeerCloseNotifyEvent(setup.tls13() || setup.boringSsl()));
                if (fin) {
                    fin(pair);
                }
                for (int piece = 0; piece < 3; piece++) {
                    pair.advance(Duration.ofSeconds(5));
                    ChannelFuture written = pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[PIECE]));
                    pair.exchange();
                    assertThat(written.isSuccess()).isTrue();
                    assertThat(pair.alertsFromUs(setup)).isZero();
                }
                pair.ours.write(Unpooled.wrappedBuffer(new byte[PIECE]));
                pair.ours.pipeline().close();
                pair.exchange();
                assertThat(pair.peerApplication.bytes).hasValue(4 * PIECE);
                assertThat(pair.alertsFromUs(setup)).isEqualTo(1);
                assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
                assertThat(application.told()).hasSize(1);
                assertThat(application.exceptions).isEmpty();
                pair.advance(PeerBehaviour.atMost());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void the_deadline_flushes_what_was_written_and_refuses_the_rest(TlsSetup setup) {
        ShutdownPolicy policy = DEFER.toBuilder().deferTimeout(Duration.ofSeconds(7)).build();
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, false, policy, application)) {
            pair.peerSendsCloseNotify();
            pair.exchange();
            ChannelFuture inTime = pair.ours.write(Unpooled.wrappedBuffer(new byte[PIECE]));
            pair.advance(Duration.ofSeconds(6));
            assertThat(application.outcomes).isEmpty();
            pair.advance(Duration.ofSeconds(1));
            ChannelFuture late = pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[PIECE]));
            pair.exchange();
            assertThat(inTime.isSuccess()).isTrue();
            assertThat(late.cause()).isInstanceOf(WriteAfterShutdownException.class);
            assertThat(pair.peerApplication.bytes).hasValue(PIECE);
            ShutdownOutcome outcome = application.outcomes.element();
            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.cause()).hasMessageContaining("went on for 7000 ms");
            pair.advance(PeerBehaviour.atMost());
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void a_reset_meanwhile_is_told(TlsSetup setup, boolean client) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, client, DEFER, application)) {
            pair.peerSendsCloseNotify();
            pair.exchange();
            pair.peerResetsTransport();
            ShutdownOutcome outcome = application.outcomes.element();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.RESET);
            assertThat(outcome.cause()).hasMessageContaining("reset by peer");
        }
    }

    @ParameterizedTest
    @EnumSource(Release.class)
    void a_fatal_alert_that_was_held_is_not_lost(Release release) {
        for (boolean client : List.of(true, false)) {
            Recorder application = new Recorder();
            try (EmbeddedTlsPair pair = pair(new TlsSetup(SslProvider.JDK, "TLSv1.2"), client, DEFER, application)) {
                pair.peerSendsFatalAlert();
                pair.toUs(pair.takeFromPeer());
                expectFatalAlert(pair, application, release);
                assertThat(application.exceptions).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Release.class)
    void a_forged_alert_ends_as_a_fatal_one(Release release) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(new TlsSetup(SslProvider.JDK, "TLSv1.2"), true, DEFER, application)) {
            pair.toUs(Unpooled.wrappedBuffer(new byte[] {21, 3, 3, 0, 2, 1, 0}));
            expectFatalAlert(pair, application, release);
        }
    }

    private static void expectFatalAlert(EmbeddedTlsPair pair, Recorder application, Release release) {
        assertThat(application.events).contains(new PeerCloseNotifyEvent(false));
        assertThat(application.outcomes).isEmpty();
        switch (release) {
            case BY_CLOSE -> pair.ours.pipeline().close();
            case BY_CLOSE_AFTER_FIN -> {
                fin(pair);
                pair.ours.pipeline().close();
            }
            case BY_CHANNEL_INACTIVE -> pair.peerEndsTransport();
            case BY_DEADLINE -> pair.advance(DEFER.deferTimeout());
        }
        pair.run();
        ShutdownOutcome outcome = application.outcomes.element();
        assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.FATAL_ALERT);
        assertThat(outcome.sessionResumable()).isFalse();
        assertThat(outcome.closeNotifyReceived()).isFalse();
        pair.advance(PeerBehaviour.atMost());
    }

    @ParameterizedTest
    @MethodSource("setups")
    @ExpectedLog("cannot do all of")
    void a_handler_that_comes_after_the_handshake_tells_what_it_cannot_do(TlsSetup setup) {
        Recorder application = new Recorder();
        EmbeddedChannel client = new EmbeddedChannel(setup.with(SslProvider.JDK).handler(true), new Recorder());
        EmbeddedChannel server = new EmbeddedChannel(setup.handler(false), application);
        server.freezeTime();
        SslHandler ssl = client.pipeline().get(SslHandler.class);
        move(client, server);
        TlsShutdownHandler handler = TlsShutdownHandler.builder().policy(DEFER).build();
        server.pipeline().addAfter(server.pipeline().context(SslHandler.class).name(), null, handler);
        boolean can = setup.tls13() || setup.boringSsl();
        assertThat(handler.capabilities().defersAnswer()).isEqualTo(can);
        assertThat(handler.capabilities().keepsTransport()).isFalse();
        ssl.closeOutbound();
        move(client, server);
        assertThat(application.outcomes).hasSize(can ? 0 : 1);
        server.pipeline().close();
        move(client, server);
        assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
        finish(server, client);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_close_notify_in_the_same_segment_as_the_end_of_the_handshake_is_deferred_too(TlsSetup setup) {
        Recorder application = new Recorder();
        Recorder peer = new Recorder();
        EmbeddedChannel client = new EmbeddedChannel(setup.with(SslProvider.JDK).handler(true), peer);
        EmbeddedChannel server = new EmbeddedChannel(setup.handler(false),
                TlsShutdownHandler.builder().policy(DEFER).build(), application);
        server.freezeTime();
        SslHandler ssl = client.pipeline().get(SslHandler.class);
        ssl.handshakeFuture().addListener(done -> ssl.closeOutbound());
        move(client, server);
        assertThat(application.outcomes).isEmpty();
        server.writeAndFlush(Unpooled.wrappedBuffer(new byte[PIECE]));
        server.pipeline().close();
        move(client, server);
        assertThat(peer.bytes).hasValue(PIECE);
        assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
        finish(server, client);
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void a_close_notify_that_crosses_our_own_shutdown_needs_no_deferring(TlsSetup setup, boolean client) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, client, DEFER, application)) {
            pair.peerSendsCloseNotify();
            pair.ours.write(Unpooled.wrappedBuffer(new byte[PIECE]));
            pair.handler.shutdown();
            // In the middle of the flush.
            pair.ours.writeInbound(pair.takeFromPeerUnrun());
            pair.exchange();
            assertThat(pair.peerApplication.bytes).hasValue(PIECE);
            ShutdownOutcome outcome = application.outcomes.element();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.LOCAL);
            pair.advance(PeerBehaviour.atMost());
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void whoever_closes_at_once_or_in_another_mode_gets_just_that(TlsSetup setup, boolean client) {
        for (ShutdownPolicy policy : List.of(DEFER, ShutdownPolicy.fast(), ShutdownPolicy.quiet())) {
            Recorder application = new Recorder() {
                @Override
                public void userEventTriggered(ChannelHandlerContext context, Object event) {
                    super.userEventTriggered(context, event);
                    if (event instanceof PeerCloseNotifyEvent) {
                        context.writeAndFlush(Unpooled.wrappedBuffer(new byte[PIECE]));
                        context.pipeline().get(TlsShutdownHandler.class).shutdown(policy);
                    }
                }
            };
            try (EmbeddedTlsPair pair = pair(setup, client, DEFER, application)) {
                pair.peerSendsCloseNotify();
                pair.exchange();
                pair.advance(PeerBehaviour.atMost());
                pair.exchange();
                boolean quiet = policy == ShutdownPolicy.quiet();
                assertThat(pair.peerApplication.bytes).hasValue(PIECE);
                assertThat(pair.alertsFromUs(setup)).isEqualTo(quiet ? 0 : 1);
                ShutdownOutcome outcome = application.outcomes.element();
                assertThat(outcome.result()).as(outcome.toString())
                        .isEqualTo(quiet ? ShutdownResult.QUIET : ShutdownResult.CLEAN);
                assertThat(outcome.mode()).isEqualTo(policy.mode());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndTransports")
    void while_the_application_thinks_nothing_spins(TlsSetup setup, Transport transport) throws Exception {
        for (boolean autoRead : List.of(true, false)) {
            Recorder application = new Recorder();
            AtomicInteger turns = new AtomicInteger();
            try (SocketPair pair = SocketPair.open(transport, setup, false, DEFER, application, new Recorder())) {
                pair.onOurLoop(() -> pair.ours.pipeline().addFirst(new ChannelDuplexHandler() {
                    @Override
                    public void read(ChannelHandlerContext context) {
                        turns.incrementAndGet();
                        context.read();
                    }

                    @Override
                    public void channelReadComplete(ChannelHandlerContext context) {
                        turns.incrementAndGet();
                        context.fireChannelReadComplete();
                    }
                }));
                pair.ours.config().setAutoRead(autoRead);
                pair.peer.eventLoop().execute(() -> requestAndCloseNotify(pair, true));
                for (int wait = 0; wait < 500 && !application.events.stream()
                        .anyMatch(PeerCloseNotifyEvent.class::isInstance); wait++) {
                    pair.ours.read();
                    pair.onOurLoop(() -> { });
                    pair.peer.eventLoop().submit(() -> { }).sync();
                }
                assertThat(application.events).hasAtLeastOneElementOfType(PeerCloseNotifyEvent.class);
                turns.set(0);
                for (int turn = 0; turn < 200; turn++) {
                    pair.onOurLoop(() -> { });
                }
                assertThat(turns).as("autoRead %s", autoRead).hasValueLessThan(10);
            }
        }
    }

    private static EmbeddedTlsPair pair(TlsSetup setup, boolean client, ShutdownPolicy policy, Recorder application) {
        return new EmbeddedTlsPair(setup, client, policy, application);
    }

    private static void fin(EmbeddedTlsPair pair) {
        pair.ours.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
    }

    private static void move(EmbeddedChannel client, EmbeddedChannel server) {
        boolean moved = true;
        while (moved) {
            client.runPendingTasks();
            var flight = EmbeddedTlsPair.take(client);
            moved = flight.isReadable();
            server.writeInbound(flight);
            server.runPendingTasks();
            flight = EmbeddedTlsPair.take(server);
            moved |= flight.isReadable();
            client.writeInbound(flight);
        }
    }

    private static void finish(EmbeddedChannel server, EmbeddedChannel client) {
        server.advanceTimeBy(1, TimeUnit.MINUTES);
        server.runScheduledPendingTasks();
        assertThat(server.isOpen()).isFalse();
        server.finishAndReleaseAll();
        client.finishAndReleaseAll();
    }

    private static final class Told extends Recorder {

        private final List<Long> bytesWhenTold = new ArrayList<>();

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            super.userEventTriggered(context, event);
            if (event instanceof PeerCloseNotifyEvent) {
                bytesWhenTold.add(bytes.get());
            }
        }

        private List<Object> told() {
            return events.stream().filter(PeerCloseNotifyEvent.class::isInstance).toList();
        }
    }

    /** Writes its answer from another thread once the peer has closed, no faster than it is taken, and closes. */
    private static final class Later extends Recorder {

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            super.userEventTriggered(context, event);
            if (event instanceof PeerCloseNotifyEvent) {
                WRITERS.execute(() -> {
                    for (int piece = 0; piece < PIECES; piece++) {
                        ChannelFuture written =
                                context.channel().writeAndFlush(Unpooled.wrappedBuffer(new byte[PIECE]));
                        if (!context.channel().isWritable()) {
                            written.awaitUninterruptibly(Waits.DEADLINE.toMillis());
                        }
                    }
                    context.channel().close();
                });
            }
        }
    }

    /** Reads with autoRead off, a little each millisecond. */
    private static final class SlowReader extends Recorder {

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.executor().schedule(() -> context.read(), 1, TimeUnit.MILLISECONDS);
        }
    }
}
