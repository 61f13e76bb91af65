package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.ShutdownState;
import io.closenotify.ShutdownState.Want;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What SSL_shutdown(3) says of single calls, and of the flags of SSL_get_shutdown. */
@ExtendWith(LeakAndLogCheck.class)
class SslShutdownTest {

    private static final ShutdownPolicy DEFER =
            ShutdownPolicy.bidirectional().toBuilder().onPeerCloseNotify(PeerClosePolicy.DEFER).build();

    static Stream<Arguments> setupsAndRoles() {
        return TlsSetup.cross(TlsSetup.all().stream(), new Boolean[] {true, false});
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void our_alert_sets_sent_and_only_the_peers_sets_received_and_completes(TlsSetup setup, boolean client) {
        try (EmbeddedTlsPair pair = pair(setup, client, ShutdownPolicy.bidirectional())) {
            assertThat(pair.handler.state()).isEqualTo(new ShutdownState(false, false, Want.NOTHING));

            ShutdownFuture future = pair.handler.shutdown();
            pair.takeFromUs().release();
            assertThat(pair.alertsFromUs(setup)).isEqualTo(1);
            assertThat(pair.handler.state()).isEqualTo(new ShutdownState(true, false, Want.WANT_READ));
            assertThat(future.isDone()).isFalse();

            pair.peerSendsCloseNotify();
            pair.exchange();
            assertThat(pair.handler.state()).isEqualTo(new ShutdownState(true, true, Want.NOTHING));
            assertThat(future.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
            pair.advance(PeerBehaviour.atMost());
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void the_peers_alert_sets_received_and_ours_then_completes_at_once(TlsSetup setup, boolean client) {
        try (EmbeddedTlsPair pair = pair(setup, client, DEFER)) {
            pair.peerSendsCloseNotify();
            pair.exchange();
            // TLS 1.2 on the JDK's engine holds the alert, and nobody knows yet what it says.
            boolean read = setup.tls13() || setup.boringSsl();
            assertThat(pair.handler.state().closeNotifyReceived()).isEqualTo(read);
            assertThat(pair.handler.state().closeNotifySent()).isFalse();
            assertThat(pair.alertsFromUs(setup)).isZero();

            ShutdownFuture future = pair.handler.shutdown();
            pair.run();
            assertThat(future.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(pair.handler.state()).isEqualTo(new ShutdownState(true, true, Want.NOTHING));
            pair.takeFromUs().release();
            assertThat(pair.alertsFromUs(setup)).isEqualTo(1);
            pair.advance(PeerBehaviour.atMost());
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void a_call_behind_the_outcome_has_the_same_one_at_once(TlsSetup setup, boolean client) {
        try (EmbeddedTlsPair pair = pair(setup, client, ShutdownPolicy.bidirectional())) {
            ShutdownFuture future = pair.handler.shutdown();
            pair.toPeer();
            pair.peerSendsCloseNotify();
            pair.exchange();

            ShutdownFuture again = pair.handler.shutdown();
            assertThat(again.getNow()).isSameAs(future.getNow());
            pair.advance(PeerBehaviour.atMost());
            assertThat(pair.handler.shutdown(ShutdownPolicy.fast()).getNow()).isSameAs(future.getNow());
            assertThat(pair.ourApplication.outcomes).hasSize(1);
            pair.takeFromUs().release();
            assertThat(pair.alertsFromUs(setup)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void a_call_behind_a_fatal_error_sends_nothing_and_has_its_outcome(TlsSetup setup, boolean client) {
        for (boolean reset : new boolean[] {true, false}) {
            try (EmbeddedTlsPair pair = pair(setup, client, ShutdownPolicy.bidirectional())) {
                if (reset) {
                    pair.peerResetsTransport();
                } else {
                    pair.peerSendsFatalAlert();
                    pair.toUs(pair.takeFromPeer());
                }
                ShutdownFuture future = pair.handler.shutdown();
                pair.run();
                assertThat(future.outcome().result())
                        .isEqualTo(reset ? ShutdownResult.RESET : ShutdownResult.FATAL_ALERT);
                assertThat(future.outcome()).isSameAs(pair.ourApplication.outcomes.element());
                pair.takeFromUs().release();
                assertThat(pair.alertsFromUs(setup)).isZero();
                pair.advance(PeerBehaviour.atMost());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void an_alert_that_does_not_leave_sets_sent_and_keeps_the_session(TlsSetup setup, boolean client) {
        try (EmbeddedTlsPair pair = pair(setup, client, ShutdownPolicy.bidirectional())) {
            pair.ours.pipeline().addFirst(new BrokenSocket());
            ShutdownFuture future = pair.handler.shutdown();
            pair.advance(PeerBehaviour.atMost());
            ShutdownOutcome outcome = future.outcome();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.cause()).isInstanceOf(IOException.class).hasMessage("no buffer space");
            assertThat(outcome.closeNotifySent()).isTrue();
            assertThat(pair.handler.state().closeNotifySent()).isTrue();
            assertThat(outcome.sessionResumable()).isTrue();
            assertThat(pair.ourWire).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void an_alert_of_which_one_write_fails_is_no_success(TlsSetup setup, boolean client) {
        try (EmbeddedTlsPair pair = pair(setup, client, ShutdownPolicy.fast())) {
            pair.ours.pipeline().addFirst(new ShakySocket());
            ShutdownFuture future = pair.handler.shutdown();
            pair.advance(PeerBehaviour.atMost());
            assertThat(future.outcome().result()).as("%s", future.outcome()).isEqualTo(ShutdownResult.FLUSH_FAILED);
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void fast_without_linger_closes_at_once(TlsSetup setup, boolean client) {
        ShutdownPolicy policy = ShutdownPolicy.fast().toBuilder()
                .linger(Duration.ZERO).ticketTimeout(Duration.ZERO).build();
        try (EmbeddedTlsPair pair = pair(setup, client, policy)) {
            ShutdownFuture future = pair.handler.shutdown();
            pair.takeFromUs().release();
            assertThat(pair.alertsFromUs(setup)).isEqualTo(1);
            assertThat(future.getNow().result()).isEqualTo(ShutdownResult.UNIDIRECTIONAL);
            assertThat(pair.ours.isOpen()).isFalse();
        }
    }

    private static EmbeddedTlsPair pair(TlsSetup setup, boolean client, ShutdownPolicy policy) {
        return new EmbeddedTlsPair(setup, client, policy, new Recorder());
    }

    /** Takes the flush of nothing, but not the alert, nor anything after it. */
    private static final class BrokenSocket extends ChannelOutboundHandlerAdapter {

        private boolean broken;

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            broken |= ((ByteBuf) message).isReadable();
            if (broken) {
                ReferenceCountUtil.release(message);
                promise.setFailure(new IOException("no buffer space"));
            } else {
                context.write(message, promise);
            }
        }
    }

    /** Fails to take the first bytes, and takes what comes then. */
    private static final class ShakySocket extends ChannelOutboundHandlerAdapter {

        private boolean failed;

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            if (failed || !((ByteBuf) message).isReadable()) {
                context.write(message, promise);
            } else {
                failed = true;
                ReferenceCountUtil.release(message);
                promise.setFailure(new IOException("no buffer space"));
            }
        }
    }
}
