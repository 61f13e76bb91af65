package io.closenotify.testsuite.quic;

import static io.closenotify.testsuite.quic.Closes.AT_ONCE;
import static io.closenotify.testsuite.quic.Closes.BYE;
import static io.closenotify.testsuite.quic.Closes.CODES;
import static io.closenotify.testsuite.quic.Closes.HIDDEN;
import static io.closenotify.testsuite.quic.Closes.PATIENT;
import static io.closenotify.testsuite.quic.Closes.REASONS;
import static io.closenotify.testsuite.quic.QuicShutdownHandlers.closingAsActive;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownResult;
import io.closenotify.quic.QuicCloseDelivery;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicLingerHandler;
import io.closenotify.quic.QuicPeerCloseEvent;
import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.QuicStreams;
import io.closenotify.testkit.DatagramRule.Verdict;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.RelayedDatagram;
import io.closenotify.testkit.UdpFaultRelay;
import io.closenotify.testsuite.Waits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.incubator.codec.quic.QuicServerCodecBuilder;
import io.netty.incubator.codec.quic.QuicStreamType;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tech.kwik.core.ConnectionTerminatedEvent.CloseReason;
import tech.kwik.core.QuicConstants.TransportErrorCode;

/** Our handler at one end, in either role, and kwik at the other. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(120)
class KwikInteropTest {

    private static final int SHORTEST_CUT = 1_140;

    /** A close of QUIC itself is measured for a packet of the handshake, with a token. */
    private static final int SHORTEST_CUT_OF_TRANSPORT = 850;

    private static final int MUCH = 1_000_000;
    private static final int TOO_MUCH = 10_000_000;

    /** The close may have to wait for the next probe: the congestion window is full. */
    private static final QuicShutdownPolicy HASTY = PATIENT.toBuilder()
            .flushTimeout(Duration.ofMillis(500))
            .build();

    private static KwikEnd closedWith(QuicConnectionClose close) {
        return new KwikEnd(CloseReason.ImmediateClose, true, CloseFrame.of(close));
    }

    private static KwikPair slow(OurRole role) throws Exception {
        return new KwikPair(role, ShutdownPair.setup(), KwikOptions.DEFAULT, ShutdownPair::slow);
    }

    // What our close says

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void kwik_reads_every_code_of_either_kind_in_either_mode(OurRole role) throws Exception {
        try (KwikPair pair = KwikPair.direct(role)) {
            for (long code : CODES) {
                for (boolean application : new boolean[] {true, false}) {
                    for (QuicShutdownMode mode : List.of(QuicShutdownMode.COMPLIANT, QuicShutdownMode.RAPID)) {
                        QuicConnectionClose close = new QuicConnectionClose(application, code, true, "code");
                        QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(
                                QuicShutdownPolicy.of(mode).toBuilder().close(close).build()));
                        assertThat(pair.kwik().end()).as("%s", outcome).isEqualTo(closedWith(close));
                        assertThat(outcome.result()).isEqualTo(mode == QuicShutdownMode.RAPID
                                ? ShutdownResult.UNIDIRECTIONAL : ShutdownResult.CLEAN);
                        assertThat(outcome.close()).isEqualTo(close);
                        assertThat(outcome.remote()).isFalse();
                        assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.LOCAL);
                        pair.connect();
                    }
                }
            }
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void kwik_reads_every_reason_of_either_kind_as_far_as_it_fits(OurRole role) throws Exception {
        try (KwikPair pair = KwikPair.direct(role)) {
            for (String reason : REASONS) {
                for (boolean application : new boolean[] {true, false}) {
                    QuicConnectionClose close = new QuicConnectionClose(application, 7, true, reason);
                    QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(
                            QuicShutdownPolicy.of(application ? QuicShutdownMode.COMPLIANT : QuicShutdownMode.RAPID)
                                    .toBuilder().close(close).build()));
                    assertThat(pair.kwik().end()).as("%s", outcome).isEqualTo(closedWith(outcome.close()));
                    assertThat(outcome.isSuccess()).isTrue();
                    String told = outcome.close().reason();
                    assertThat(reason).startsWith(told);
                    assertThat(told.getBytes(StandardCharsets.UTF_8).length).isGreaterThanOrEqualTo(
                            Math.min(reason.getBytes(StandardCharsets.UTF_8).length,
                                    application ? SHORTEST_CUT : SHORTEST_CUT_OF_TRANSPORT));
                    pair.connect();
                }
            }
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void kwik_gets_one_close_of_a_rapid_shutdown_and_answers_it_in_vain(OurRole role) throws Exception {
        try (KwikPair pair = KwikPair.direct(role)) {
            pair.shutdown(QuicShutdownPolicy.rapid().toBuilder().close(BYE).build());
            assertThat(pair.kwik().end()).isEqualTo(closedWith(BYE));
            pair.outcome();
            Waits.done(QuicLingerHandler.of(pair.ours().channel().parent()).idle());
            assertThat(pair.kwik().closesReceived()).containsExactly(CloseFrame.of(BYE));
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void kwik_gets_the_close_of_a_compliant_shutdown_once_more_for_its_answer(OurRole role) throws Exception {
        try (KwikPair pair = KwikPair.direct(role)) {
            pair.shutdown(AT_ONCE);
            assertThat(pair.kwik().awaitClosesReceived(2)).containsOnly(CloseFrame.of(BYE));
        }
    }

    /** The codec swaps the bytes of ports in what it tells of a path; of such a port they do not show that. */
    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void kwik_is_told_from_a_port_whose_two_bytes_are_the_same(OurRole role) throws Exception {
        try (KwikPair pair = new KwikPair(role, ShutdownPair.setup().port(portOfEqualBytes(role)), KwikOptions.DEFAULT,
                relay -> relay)) {
            pair.shutdown(AT_ONCE);
            assertThat(pair.kwik().end()).isEqualTo(closedWith(BYE));
        }
    }

    private static int portOfEqualBytes(OurRole role) {
        for (int port = 0x7070 + 0x0101 * role.ordinal(); port < 0x10000; port += 0x0202) {
            try (DatagramSocket socket = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (SocketException e) {
                // It is taken.
            }
        }
        throw new AssertionError("no such port is free");
    }

    // Everything before the close

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest(name = "{0}, {1} lost each way")
    @CsvSource({"CLIENT, 0", "SERVER, 0", "CLIENT, 0.05", "SERVER, 0.05"})
    void kwik_has_every_byte_and_fin_of_a_megabyte_on_twenty_streams_and_then_the_close(OurRole role, double loss)
            throws Exception {
        try (KwikPair pair = new KwikPair(role, ShutdownPair.setup(), KwikOptions.DEFAULT,
                path -> ShutdownPair.slow(path).seed(7)
                        .loss(Direction.TO_SERVER, loss)
                        .loss(Direction.TO_CLIENT, loss))) {
            int streams = 20;
            List<OurStream> opened = new ArrayList<>();
            for (int stream = 0; stream < streams; stream++) {
                opened.add(pair.ours().open(QuicStreamType.BIDIRECTIONAL));
            }
            for (OurStream stream : opened) {
                QuicStreams.conclude(stream.channel(), Unpooled.wrappedBuffer(Pattern.bytes(0, MUCH / streams)));
            }
            // Kwik has nothing to send that would be answered, should the close be lost.
            QuicShutdownOutcome outcome = ShutdownPair.outcome(
                    pair.shutdown(PATIENT.toBuilder().extraCopies(QuicShutdownPolicy.MAX_EXTRA_COPIES).build()));
            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.bytesUnacknowledged()).isZero();
            assertThat(pair.kwik().end()).isEqualTo(closedWith(BYE));
            for (int stream = 0; stream < streams; stream++) {
                assertThat(pair.kwik().nextStream().arrived())
                        .isEqualTo(new KwikLog.Arrival(MUCH / streams, true));
            }
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void kwik_reads_a_megabyte_on_one_stream_to_its_fin_before_the_close(OurRole role) throws Exception {
        try (KwikPair pair = KwikPair.direct(role)) {
            OurStream stream = pair.ours().open(QuicStreamType.UNIDIRECTIONAL);
            QuicStreams.conclude(stream.channel(), Unpooled.wrappedBuffer(Pattern.bytes(0, MUCH)));
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(PATIENT));
            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.CLEAN);
            assertThat(pair.kwik().end()).isEqualTo(closedWith(BYE));
            assertThat(pair.kwik().nextStream().arrived()).isEqualTo(new KwikLog.Arrival(MUCH, true));
        }
    }

    // The peer closes

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void the_close_of_kwik_is_told_with_all_62_bits_of_its_code_and_its_reason(OurRole role) throws Exception {
        try (KwikPair pair = KwikPair.direct(role)) {
            for (long code : CODES) {
                pair.kwik().close(code, "kwik " + code);
                assertToldByPeer(pair, QuicConnectionClose.application(code, "kwik " + code));
                pair.connect();
            }
            for (String reason : List.of("", "grüße \uD83D\uDE00", "x".repeat(1_100))) {
                pair.kwik().close(5, reason);
                assertToldByPeer(pair, QuicConnectionClose.application(5, reason));
                pair.connect();
            }
            pair.kwik().close(TransportErrorCode.INTERNAL_ERROR, "inside");
            assertToldByPeer(pair, QuicConnectionClose.transport(1, "inside"));
        }
    }

    private static void assertToldByPeer(KwikPair pair, QuicConnectionClose close) throws InterruptedException {
        QuicShutdownOutcome outcome = pair.outcome();
        assertThat(outcome.close()).as("%s", outcome).isEqualTo(close);
        assertThat(outcome.remote()).isTrue();
        assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.CLEAN);
        assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.PEER);
        assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.PEER_CONFIRMED);
        pair.ours().awaitEnd();
        assertThat(pair.ours().events()).containsSubsequence(new QuicPeerCloseEvent(close), outcome);
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void what_kwik_sent_before_its_close_is_delivered_before_the_event(OurRole role) throws Exception {
        AtomicLong delivered = new AtomicLong();
        BlockingQueue<Long> atEvent = new LinkedBlockingQueue<>();
        QuicSetup setup = counting(delivered, atEvent);
        int bytes = 3_000;
        int streams = 3;
        String reason = "behind the data".repeat(20);
        try (KwikPair pair = new KwikPair(role, setup, KwikOptions.DEFAULT, relay -> relay.record(1_000))) {
            List<KwikStream> opened = new ArrayList<>();
            for (int stream = 0; stream < streams; stream++) {
                opened.add(pair.kwik().openUnidirectional());
            }
            // The codec tells of a close before the data of the same batch of datagrams: so let there be one batch.
            CountDownLatch allIsThere = new CountDownLatch(1);
            pair.ours().channel().eventLoop().execute(() -> await(allIsThere));
            pair.relay().recording().clear();
            opened.forEach(stream -> stream.send(bytes));
            // The headers of eight packets at least come on top.
            for (int sent = 0; sent < bytes * streams + 100;) {
                sent += nextOf(pair, role.in()).length;
            }
            pair.kwik().close(9, reason);
            byte[] next;
            do {
                next = nextOf(pair, role.in());
            } while (next.length < reason.length());
            allIsThere.countDown();

            assertThat(Waits.next(atEvent, "the event")).isEqualTo(bytes * streams);
            assertToldByPeer(pair, QuicConnectionClose.application(9, reason));
        }
    }

    private static byte[] nextOf(KwikPair pair, Direction direction) throws InterruptedException {
        for (;;) {
            RelayedDatagram next = Waits.next(pair.relay().recording(), "a datagram " + direction);
            if (next.direction() == direction) {
                return next.bytes();
            }
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(Waits.DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("not within " + Waits.DEADLINE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Counts what is delivered, and notes how much that was when the peer's close was told. */
    private static QuicSetup counting(AtomicLong delivered, BlockingQueue<Long> atEvent) {
        QuicShutdownHandlers handlers = new QuicShutdownHandlers();
        return handlers.setup(channel -> channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void userEventTriggered(ChannelHandlerContext context, Object event) {
                if (event instanceof QuicPeerCloseEvent) {
                    atEvent.add(delivered.get());
                }
                context.fireUserEventTriggered(event);
            }
        })).streamPipeline(stream -> stream.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                delivered.addAndGet(((ByteBuf) message).readableBytes());
                context.fireChannelRead(message);
            }
        }));
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void waiting_for_kwik_sends_no_close_and_ends_with_that_of_kwik(OurRole role) throws Exception {
        try (KwikPair pair = KwikPair.direct(role)) {
            QuicShutdownFuture waiting = pair.shutdown(QuicShutdownPolicy.waitPeer());
            // It only waits: what kwik sends still comes.
            pair.kwik().openUnidirectional().send(100);
            pair.ours().nextStream();
            pair.kwik().close(QuicConnectionClose.MAX_ERROR_CODE, "yours");
            QuicShutdownOutcome outcome = ShutdownPair.outcome(waiting);
            assertThat(outcome.mode()).isEqualTo(QuicShutdownMode.WAIT_PEER);
            assertToldByPeer(pair, QuicConnectionClose.application(QuicConnectionClose.MAX_ERROR_CODE, "yours"));
            assertThat(pair.kwik().closesReceived()).isEmpty();
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void kwik_is_closed_when_it_does_not_close_in_time(OurRole role) throws Exception {
        try (KwikPair pair = KwikPair.direct(role)) {
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(QuicShutdownPolicy.waitPeer().toBuilder()
                    .peerTimeout(Duration.ofMillis(100))
                    .close(BYE)
                    .build()));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.ON_WIRE);
            assertThat(pair.kwik().end()).isEqualTo(closedWith(BYE));
        }
    }

    // A flush that comes to nothing

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void the_close_of_kwik_during_our_flush_is_no_success(OurRole role) throws Exception {
        try (KwikPair pair = slow(role)) {
            pair.ours().open(QuicStreamType.UNIDIRECTIONAL).write(TOO_MUCH);
            QuicShutdownFuture future = pair.shutdown(PATIENT);
            pair.kwik().nextStream();
            pair.kwik().close((1L << 32) + 3, "enough");
            QuicShutdownOutcome outcome = ShutdownPair.outcome(future);
            assertThat(outcome.result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.LOCAL);
            assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.PEER_CONFIRMED);
            assertThat(outcome.close()).isEqualTo(QuicConnectionClose.application((1L << 32) + 3, "enough"));
            assertThat(outcome.remote()).isTrue();
            assertThat(outcome.bytesUnacknowledged()).isPositive();
            assertThat(pair.kwik().closesReceived()).isEmpty();
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void a_kwik_that_vanishes_during_our_flush_ends_it_by_the_flush_timeout(OurRole role) throws Exception {
        try (KwikPair pair = slow(role)) {
            pair.ours().open(QuicStreamType.UNIDIRECTIONAL).write(TOO_MUCH);
            QuicShutdownFuture future = pair.shutdown(HASTY);
            pair.kwik().nextStream();
            pair.relay().block(Direction.TO_CLIENT);
            pair.relay().block(Direction.TO_SERVER);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(future);
            assertThat(outcome.result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.ON_WIRE);
            assertThat(outcome.bytesUnacknowledged()).isBetween(1L, (long) TOO_MUCH);
            assertThat(outcome.flushTime()).isGreaterThanOrEqualTo(HASTY.flushTimeout());
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void an_idle_timeout_that_kwik_asked_for_is_told_apart(OurRole role) throws Exception {
        try (KwikPair pair = new KwikPair(role, ShutdownPair.setup(),
                KwikOptions.DEFAULT.withIdleTimeout(Duration.ofMillis(500)), relay -> relay)) {
            QuicShutdownOutcome outcome = pair.outcome();
            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.TRANSPORT);
            assertThat(outcome.cause()).hasMessageContaining("idle timeout");
            assertThat(outcome.close()).isNull();
            assertThat(pair.kwik().end()).isEqualTo(new KwikEnd(CloseReason.IdleTimeout, false, null));
        }
    }

    // Closes that are lost

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void a_kwik_that_writes_learns_of_a_close_of_which_the_first_was_lost(OurRole role) throws Exception {
        try (KwikPair pair = new KwikPair(role, ShutdownPair.setup(), KwikOptions.DEFAULT,
                path -> ShutdownPair.slow(path).record(100_000))) {
            pair.kwik().openUnidirectional().send(TOO_MUCH);
            pair.ours().nextStream();
            AtomicLong left = new AtomicLong(3);
            // What acknowledges and gives credit is smaller than this close.
            QuicConnectionClose close = QuicConnectionClose.application(1, "x".repeat(100));
            pair.relay().recording().clear();
            pair.relay().drop(role.out(), datagram -> datagram.length() > 100 && left.getAndDecrement() > 0);
            pair.shutdown(AT_ONCE.toBuilder().close(close).build());
            assertThat(pair.kwik().end()).isEqualTo(closedWith(close));

            // The answers are the same datagram: one that was lost came after all.
            Set<ByteBuffer> lost = new HashSet<>();
            for (boolean came = false; !came;) {
                RelayedDatagram next = Waits.next(pair.relay().recording(), "a close that was lost; lost: " + lost);
                if (next.verdict() == Verdict.DROP) {
                    lost.add(ByteBuffer.wrap(next.bytes()));
                } else {
                    came = lost.contains(ByteBuffer.wrap(next.bytes()));
                }
            }
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void kwik_as_a_client_recognizes_our_stateless_reset_when_every_close_was_lost() throws Exception {
        byte[] token = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
        QuicSetup setup = ShutdownPair.setup().codec(builder -> {
            builder.statelessResetToken(token);
            ((QuicServerCodecBuilder) builder).resetTokenGenerator(id -> ByteBuffer.wrap(token.clone()));
        });
        try (KwikPair pair = new KwikPair(OurRole.SERVER, setup, KwikOptions.DEFAULT, relay -> relay)) {
            // Once kwik has this it has HANDSHAKE_DONE too.
            pair.ours().open(QuicStreamType.UNIDIRECTIONAL).write(1);
            pair.kwik().nextStream();
            // A reset is of 42 bytes at most; this close is of more.
            QuicConnectionClose close = QuicConnectionClose.application(1, "x".repeat(100));
            pair.relay().drop(Direction.TO_CLIENT, datagram -> datagram.length() > 100);
            ShutdownPair.outcome(pair.shutdown(AT_ONCE.toBuilder()
                    .close(close).statelessReset(Duration.ofSeconds(10)).build()));
            // Its probes are answered with the close, which is lost, and after the closing period with the reset.
            pair.kwik().openUnidirectional().send(100);

            KwikEnd end = pair.kwik().end();
            assertThat(end).isEqualTo(new KwikEnd(CloseReason.StatelessReset, true, null));
            assertThat(pair.kwik().closesReceived()).isEmpty();
        }
    }

    // In the handshake

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void kwik_as_a_server_is_told_without_code_and_reason_of_a_close_in_the_handshake() throws Exception {
        QuicShutdownHandlers handlers = new QuicShutdownHandlers();
        try (KwikServer server = KwikServer.start();
                UdpFaultRelay relay = UdpFaultRelay.to(server.address()).start();
                QuicClient client = handlers.setup(channel -> { }).client()) {
            FirstFlight initialOnly = FirstFlight.of(relay);
            client.start(relay.address());
            QuicShutdownHandler handler = handlers.next();
            initialOnly.await();
            QuicShutdownOutcome outcome = ShutdownPair.outcome(handler.shutdown(AT_ONCE));

            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.ABORTED);
            assertThat(outcome.close()).isEqualTo(HIDDEN);
            assertThat(server.awaitClosesReceived(1)).containsExactly(CloseFrame.of(HIDDEN));
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void kwik_as_a_client_is_told_without_code_and_reason_of_a_close_in_the_handshake() throws Exception {
        QuicShutdownHandlers handlers = new QuicShutdownHandlers();
        try (QuicServer server = handlers.setup(channel -> { }).server();
                UdpFaultRelay relay = UdpFaultRelay.to(server.address()).start()) {
            FirstFlight initialOnly = FirstFlight.of(relay);
            CompletableFuture<ConnectException> failure = new CompletableFuture<>();
            Thread connecting = new Thread(() -> {
                try {
                    failure.complete(KwikClient.refused(relay.address()));
                } catch (IOException | AssertionError e) {
                    failure.completeExceptionally(e);
                }
            });
            connecting.setDaemon(true);
            connecting.start();
            QuicShutdownHandler handler = handlers.next();
            initialOnly.await();
            initialOnly.end();
            QuicShutdownOutcome outcome = ShutdownPair.outcome(handler.shutdown(AT_ONCE));

            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.ABORTED);
            assertThat(outcome.close()).isEqualTo(HIDDEN);
            assertThat(failure).succeedsWithin(Waits.DEADLINE)
                    .satisfies(cause -> assertThat(cause).hasMessageContaining("transport error 12"));
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(OurRole.class)
    void kwik_is_told_code_and_reason_of_a_close_as_our_side_becomes_active(OurRole role) throws Exception {
        try (KwikPair pair = new KwikPair(role, closingAsActive(PATIENT), KwikOptions.DEFAULT,
                ShutdownPair::slow)) {
            assertThat(pair.kwik().end()).isEqualTo(closedWith(BYE));
            assertThat(pair.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void kwik_as_a_server_is_told_code_and_reason_though_the_end_of_the_handshake_was_lost_once() throws Exception {
        try (KwikPair pair = new KwikPair(OurRole.CLIENT, closingAsActive(AT_ONCE), KwikOptions.DEFAULT,
                path -> ShutdownPair.slow(path).drop(Direction.TO_SERVER,
                        datagram -> datagram.ordinal() == 2 || datagram.ordinal() == 3))) {
            assertThat(pair.kwik().end()).isEqualTo(closedWith(BYE));
            assertThat(pair.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void a_handshake_that_kwik_refuses_ends_with_its_close() throws Exception {
        QuicShutdownHandlers handlers = new QuicShutdownHandlers();
        try (KwikServer server = KwikServer.start(KwikOptions.DEFAULT.withProtocol("other"));
                QuicClient client = handlers.setup(channel -> { }).client()) {
            client.start(server.address());
            QuicShutdownOutcome outcome = ShutdownPair.outcome(handlers.next().outcome());

            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.ABORTED);
            assertThat(outcome.remote()).isTrue();
            // RFC 7301: no_application_protocol is alert 120; RFC 9001, section 4.8: 0x100 and the alert.
            assertThat(outcome.close().application()).isFalse();
            assertThat(outcome.close().errorCode()).isEqualTo(0x178);
            assertThat(server.closesSent()).contains(CloseFrame.of(outcome.close()));
        }
    }
}
