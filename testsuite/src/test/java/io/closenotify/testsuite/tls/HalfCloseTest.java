package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.ShutdownState.Want;
import io.closenotify.WriteAfterShutdownException;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.tls.SocketPair.Transport;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The writing half is shut down, and the application reads on at leisure. */
@ExtendWith(LeakAndLogCheck.class)
class HalfCloseTest {

    private static final int MUCH = 20 << 20;
    private static final int PIECE = 1 << 20;

    static Stream<Arguments> setupsAndRoles() {
        return TlsSetup.cross(TlsSetup.all().stream(), new Boolean[] {true, false});
    }

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void the_peer_sends_more_than_the_cap_and_nothing_is_read_unasked(TlsSetup setup) throws Exception {
        Transport transport = setup.tls13() ? Transport.EPOLL : Transport.NIO;
        Asking application = new Asking();
        try (SocketPair pair = SocketPair.open(transport, setup, false,
                ShutdownPolicy.bidirectional(), application, new Recorder())) {
            pair.peer.eventLoop().submit(() -> pair.peer.config().setAutoRead(false)).sync();
            // From elsewhere it would let a read that is under way go on.
            pair.onOurLoop(() -> pair.ours.config().setAutoRead(false));
            ShutdownFuture future = pair.handler.shutdown(ShutdownPolicy.halfClose());
            pair.peer.eventLoop().execute(() -> {
                for (int piece = 0; piece < MUCH / PIECE; piece++) {
                    pair.peer.writeAndFlush(Unpooled.wrappedBuffer(new byte[PIECE]));
                }
                pair.peer.pipeline().get(SslHandler.class).closeOutbound();
                pair.peer.config().setAutoRead(true);
            });
            while (!future.isDone()) {
                assertThat(application.readsAnswered).hasValueLessThanOrEqualTo(application.asked.get());
                application.asked.incrementAndGet();
                pair.ours.read();
                application.answers.poll(Waits.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
            }
            ShutdownOutcome outcome = future.getNow();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(application.bytes).hasValue(MUCH);
            assertThat(outcome.bytesDelivered()).isPositive().isLessThanOrEqualTo(MUCH);
            assertThat(application.exceptions).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void no_timer_runs_until_the_peer_is_done(TlsSetup setup, boolean client) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, client, ShutdownPolicy.halfClose(), application)) {
            // As the policy of the builder.
            ChannelFuture closed = halfClose(pair, pair.ours.pipeline().close());
            assertThat(pair.handler.state().want()).isEqualTo(Want.WANT_READ);
            assertThat(pair.ours.runScheduledPendingTasks()).isEqualTo(-1);
            for (int day = 0; day < 3; day++) {
                pair.advance(Duration.ofDays(1));
                pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[1000]));
                pair.toUs(pair.takeFromPeer());
            }
            assertThat(pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[1])).cause())
                    .isInstanceOf(WriteAfterShutdownException.class);
            assertThat(application.bytes).hasValue(3000);
            assertThat(application.outcomes).isEmpty();
            pair.peerSendsCloseNotify();
            pair.toUs(pair.takeFromPeer());
            assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(application.outcomes.element().bytesDelivered()).isEqualTo(3000);
            pair.advance(PeerBehaviour.atMost());
            assertThat(closed.isSuccess()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void a_close_meanwhile_or_even_before_our_alert_left_puts_the_peer_under_a_deadline(TlsSetup setup,
            boolean client) {
        for (boolean early : List.of(true, false)) {
            Recorder application = new Recorder();
            try (EmbeddedTlsPair pair = pair(setup, client, ShutdownPolicy.bidirectional(), application)) {
                pair.handler.shutdown(ShutdownPolicy.halfClose());
                if (!early) {
                    pair.takeFromUs().release();
                    pair.advance(Duration.ofDays(1));
                }
                ChannelFuture closed = pair.ours.pipeline().close();
                pair.takeFromUs().release();
                // The first of what comes now is not beyond the cap for what came before.
                pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[1000]));
                pair.toUs(pair.takeFromPeer());
                pair.advance(PeerBehaviour.atMost());
                assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.PEER_SILENT);
                assertThat(closed.isDone()).isTrue();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void what_came_on_demand_does_not_count_against_the_cap_of_who_then_closes(TlsSetup setup, boolean client) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, client, ShutdownPolicy.bidirectional(), application)) {
            halfClose(pair, pair.handler.shutdown(ShutdownPolicy.halfClose().toBuilder().inboundCap(5000).build()));
            for (int piece = 0; piece < 10; piece++) {
                pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[1000]));
            }
            pair.toUs(pair.takeFromPeer());
            pair.ours.pipeline().close();
            pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[4000]));
            pair.peerSendsCloseNotify();
            pair.toUs(pair.takeFromPeer());
            ShutdownOutcome outcome = application.outcomes.element();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(application.bytes).hasValue(14_000);
            pair.advance(PeerBehaviour.atMost());
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void with_auto_read_off_nothing_is_read_until_the_application_closes(TlsSetup setup, boolean client) {
        for (boolean byShutdown : List.of(true, false)) {
            Reads reads = new Reads();
            Recorder application = new Recorder();
            try (EmbeddedTlsPair pair = pair(setup, client, ShutdownPolicy.bidirectional(), application)) {
                pair.ours.pipeline().addFirst(reads);
                pair.ours.config().setAutoRead(false);
                ShutdownPolicy policy = ShutdownPolicy.halfClose().toBuilder().ticketTimeout(Duration.ZERO).build();
                halfClose(pair, pair.handler.shutdown(policy));
                pair.advance(Duration.ofDays(1));
                assertThat(reads.count).hasValue(0);
                if (byShutdown) {
                    pair.handler.shutdown(ShutdownPolicy.bidirectional());
                } else {
                    pair.ours.pipeline().close();
                }
                assertThat(reads.count).hasValue(1);
                pair.advance(PeerBehaviour.atMost());
                assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.PEER_SILENT);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void a_fast_shutdown_meanwhile_waits_no_longer(TlsSetup setup, boolean client) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, client, ShutdownPolicy.bidirectional(), application)) {
            halfClose(pair, pair.handler.shutdown(ShutdownPolicy.halfClose()));
            pair.handler.shutdown(ShutdownPolicy.fast());
            pair.advance(ShutdownPolicy.fast().linger());
            assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.UNIDIRECTIONAL);
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void a_fin_without_alert_leaves_it_unanswered(TlsSetup setup, boolean client) {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = pair(setup, client, ShutdownPolicy.bidirectional(), application)) {
            halfClose(pair, pair.handler.shutdown(ShutdownPolicy.halfClose()));
            pair.ours.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            pair.run();
            assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.UNANSWERED);
        }
    }

    private static EmbeddedTlsPair pair(TlsSetup setup, boolean client, ShutdownPolicy policy, Recorder application) {
        return new EmbeddedTlsPair(setup, client, policy, application);
    }

    /** Our alert leaves, and the peer has yet to read it: that of TLS 1.2 would answer at once. */
    private static <F> F halfClose(EmbeddedTlsPair pair, F future) {
        pair.takeFromUs().release();
        if (pair.handler.state().want() != Want.WANT_READ || !pair.handler.state().closeNotifySent()) {
            // A BoringSSL client has waited for tickets.
            pair.advance(Duration.ofSeconds(1));
            pair.takeFromUs().release();
        }
        assertThat(pair.handler.state().closeNotifySent()).isTrue();
        return future;
    }

    /** Counts what the transport is asked for. */
    private static final class Reads extends ChannelOutboundHandlerAdapter {

        private final AtomicInteger count = new AtomicInteger();

        @Override
        public void read(ChannelHandlerContext context) {
            count.incrementAndGet();
            context.read();
        }
    }

    /** Counts the reads that brought data. */
    private static final class Asking extends Recorder {

        private final AtomicInteger asked = new AtomicInteger();
        private final AtomicInteger readsAnswered = new AtomicInteger();
        private long bytesBefore;
        private final BlockingQueue<Boolean> answers = new LinkedBlockingQueue<>();

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            super.userEventTriggered(context, event);
            if (event instanceof ShutdownOutcome) {
                answers.add(true);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            if (bytes.get() > bytesBefore) {
                bytesBefore = bytes.get();
                readsAnswered.incrementAndGet();
                answers.add(true);
            }
        }
    }
}
