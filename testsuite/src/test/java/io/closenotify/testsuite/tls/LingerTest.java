package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.LingerEnd;
import io.closenotify.ShutdownException;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.tls.SocketPair.Transport;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The transport between our last byte and its end, on real sockets. */
@ExtendWith(LeakAndLogCheck.class)
class LingerTest {

    private static final TlsSetup JDK = new TlsSetup(SslProvider.JDK, "TLSv1.3");
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final Duration SHORT = Duration.ofMillis(100);

    static Stream<Arguments> setupsAndTransports() {
        return TlsSetup.all().stream().flatMap(setup ->
                Stream.of(Transport.values()).map(transport -> Arguments.of(setup, transport)));
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void a_fast_linger_ends_at_the_peers_fin_whatever_auto_read_says(Transport transport) throws Exception {
        ShutdownPolicy policy = ShutdownPolicy.fast().toBuilder().linger(LONG).build();
        // This peer does not answer in TLS 1.3, but closes at our FIN, as stock Netty does.
        try (SocketPair pair = SocketPair.open(transport, JDK, true, policy, new Recorder(), new Recorder())) {
            pair.ours.config().setAutoRead(false);
            pair.ours.close();
            assertThat(pair.ourApplication.outcome().result()).isEqualTo(ShutdownResult.UNIDIRECTIONAL);
            Waits.done(pair.ours.closeFuture());
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void a_linger_ends_by_its_time_if_the_peer_keeps_its_side_open(Transport transport) throws Exception {
        ShutdownPolicy policy = ShutdownPolicy.fast().toBuilder().linger(SHORT).build();
        try (SocketPair pair = open(transport, policy, new HalfOpen())) {
            pair.ours.close();
            ShutdownOutcome outcome = pair.ourApplication.outcome();
            assertThat(outcome.result()).isEqualTo(ShutdownResult.UNIDIRECTIONAL);
            assertThat(outcome.lingerTime()).isGreaterThanOrEqualTo(SHORT);
            Waits.done(pair.ours.closeFuture());
        }
    }

    @Test
    void on_epoll_a_linger_may_end_when_everything_is_acknowledged() throws Exception {
        ShutdownPolicy policy = ShutdownPolicy.fast().toBuilder()
                .linger(LONG).lingerEnd(LingerEnd.ACKNOWLEDGED).build();
        HalfOpen peer = new HalfOpen();
        try (SocketPair pair = open(Transport.EPOLL, policy, peer)) {
            pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[1_000_000]));
            pair.ours.close();
            ShutdownOutcome outcome = pair.ourApplication.outcome();
            assertThat(outcome.result()).isEqualTo(ShutdownResult.UNIDIRECTIONAL);
            Waits.done(pair.ours.closeFuture());
            assertThat(outcome.lingerTime()).isLessThan(LONG);
        }
    }

    @Test
    void on_epoll_nothing_counts_as_acknowledged_while_the_peer_does_not_read() throws Exception {
        Duration linger = Duration.ofMillis(500);
        ShutdownPolicy policy = ShutdownPolicy.fast().toBuilder()
                .linger(linger).lingerEnd(LingerEnd.ACKNOWLEDGED).build();
        try (SocketPair pair = open(Transport.EPOLL, policy, new HalfOpen())) {
            pair.peer.config().setAutoRead(false);
            pair.onOurLoop(() -> pair.ours.config().setOption(ChannelOption.SO_SNDBUF, 4 << 20));
            pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[4_000_000]));
            pair.ours.close();
            ShutdownOutcome outcome = pair.ourApplication.outcome();
            assertThat(outcome.result()).as(outcome.toString())
                    .isIn(ShutdownResult.UNIDIRECTIONAL, ShutdownResult.FLUSH_FAILED);
            if (outcome.result() == ShutdownResult.UNIDIRECTIONAL) {
                assertThat(outcome.lingerTime()).isGreaterThanOrEqualTo(linger);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndTransports")
    void an_unwritable_socket_costs_the_flush_timeout_and_fails_with_the_count(TlsSetup setup, Transport transport)
            throws Exception {
        int bytes = 32 << 20;
        Duration timeout = Duration.ofMillis(300);
        ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder().flushTimeout(timeout).build();
        try (SocketPair pair = SocketPair.open(transport, setup, true, policy, new Recorder(), new Recorder())) {
            pair.peer.config().setAutoRead(false);
            ChannelFuture written = pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[bytes]));
            ChannelFuture closed = pair.ours.close();
            ShutdownOutcome outcome = pair.ourApplication.outcome();
            assertThat(outcome.result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.isSuccess()).isFalse();
            // Linux keeps some megabytes on its own account; the rest never left.
            assertThat(outcome.bytesNotFlushed()).isBetween(bytes / 4L, 2L * bytes);
            assertThat(outcome.flushTime()).isGreaterThanOrEqualTo(timeout);
            assertThat(outcome.closeNotifySent()).as("the data never left, so the alert was not tried").isFalse();
            assertThat(Waits.done(closed).cause()).isInstanceOfSatisfying(ShutdownException.class, e ->
                    assertThat(e).hasMessageContaining("bytes not flushed: " + outcome.bytesNotFlushed()));
            assertThat(Waits.done(written).isSuccess()).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndTransports")
    void a_fin_of_the_peer_does_not_cut_off_what_is_still_being_sent(TlsSetup setup, Transport transport)
            throws Exception {
        int bytes = 8_000_000;
        HalfOpen peer = new HalfOpen();
        try (SocketPair pair = SocketPair.open(transport, setup, true,
                ShutdownPolicy.bidirectional(), new Recorder(), peer)) {
            pair.peer.config().setAutoRead(false);
            pair.onOurLoop(() -> {
                pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[bytes]));
                pair.ours.close();
            });
            // The peer's FIN arrives in the middle of our flush.
            Waits.done(((DuplexChannel) pair.peer).shutdownOutput());
            pair.peer.config().setAutoRead(true);
            ShutdownOutcome outcome = pair.ourApplication.outcome();
            assertThat(outcome.result()).as(outcome.toString())
                    .isIn(ShutdownResult.TRUNCATED, ShutdownResult.UNANSWERED);
            assertThat(outcome.bytesNotFlushed()).as(outcome.toString()).isZero();
            Waits.done(pair.ours.closeFuture());
            assertThat(Waits.done(peer.inputEnded).isSuccess()).isTrue();
            assertThat(peer.bytes).as(outcome + " " + peer.exceptions).hasValue(bytes);
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndTransports")
    void with_half_closure_switched_on_a_bare_fin_still_closes_the_channel(TlsSetup setup, Transport transport)
            throws Exception {
        // Stock: only a ChannelInputShutdownEvent, and the channel stays active for ever.
        try (SocketPair pair = SocketPair.open(transport, setup, false,
                ShutdownPolicy.bidirectional(), new Recorder(), new Recorder())) {
            pair.onOurLoop(() -> pair.ours.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true));
            Waits.done(((DuplexChannel) pair.peer).shutdownOutput());
            assertThat(pair.ourApplication.outcome().result()).isEqualTo(ShutdownResult.TRUNCATED);
            Waits.done(pair.ours.closeFuture());
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndTransports")
    void a_reset_is_told_as_a_reset(TlsSetup setup, Transport transport) throws Exception {
        try (SocketPair pair = SocketPair.open(transport, setup, false,
                ShutdownPolicy.bidirectional(), new Recorder(), new Recorder())) {
            pair.peer.config().setOption(ChannelOption.SO_LINGER, 0);
            pair.peer.eventLoop().submit(() -> pair.peer.unsafe().close(pair.peer.voidPromise()));
            ShutdownOutcome outcome = pair.ourApplication.outcome();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.RESET);
            assertThat(outcome.cause()).isNotNull();
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndTransports")
    void a_close_in_front_of_the_handler_is_no_truncation(TlsSetup setup, Transport transport) throws Exception {
        try (SocketPair pair = SocketPair.open(transport, setup, false,
                ShutdownPolicy.bidirectional(), new Recorder(), new Recorder())) {
            pair.onOurLoop(() -> pair.ours.pipeline().firstContext().close());
            ShutdownOutcome outcome = pair.ourApplication.outcome();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(pair.ourApplication.exceptions).isEmpty();
        }
    }

    private static SocketPair open(Transport transport, ShutdownPolicy policy, HalfOpen peer) throws Exception {
        return SocketPair.open(transport, JDK, true, policy, new Recorder(), peer);
    }

    /** Reads to the end and keeps its own side open. */
    private static final class HalfOpen extends Recorder {

        private Promise<Void> inputEnded;

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            inputEnded = context.executor().newPromise();
            context.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            inputEnded.trySuccess(null);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            super.userEventTriggered(context, event);
            if (event instanceof ChannelInputShutdownEvent) {
                inputEnded.trySuccess(null);
            }
        }
    }
}
