package io.closenotify.testsuite.quic;

import static io.closenotify.testsuite.quic.Closes.AT_ONCE;
import static io.closenotify.testsuite.quic.Closes.BYE;
import static io.closenotify.testsuite.quic.Closes.CODES;
import static io.closenotify.testsuite.quic.Closes.HIDDEN;
import static io.closenotify.testsuite.quic.Closes.PATIENT;
import static io.closenotify.testsuite.quic.Closes.REASONS;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownResult;
import io.closenotify.quic.QuicCloseDelivery;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicPeerCloseEvent;
import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.QuicStreams;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.UdpFaultRelay;
import io.closenotify.testsuite.peers.NeedsProgram;
import io.netty.buffer.ByteBuf;
import io.netty.incubator.codec.quic.QuicServerCodecBuilder;
import io.netty.incubator.codec.quic.QuicStreamType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Our handler at one end, in either role, and ngtcp2 at the other. */
@ExtendWith(LeakAndLogCheck.class)
@NeedsProgram({"gtlsserver", "gtlsclient"})
@Timeout(60)
class Ngtcp2InteropTest {

    private static final int MUCH = 1_000_000;
    private static final int TOO_MUCH = 10_000_000;

    /** What a client is to request. */
    private static final String REQUEST = "https://localhost/";

    private static final QuicConnectionClose CLOSED_CRITICAL_STREAM =
            QuicConnectionClose.application(Http3.CLOSED_CRITICAL_STREAM, "");
    /** The close may have to wait for the next probe: the congestion window is full. */
    private static final QuicShutdownPolicy HASTY = PATIENT.toBuilder()
            .flushTimeout(Duration.ofMillis(500))
            .build();

    private static Ngtcp2Pair slow(OurRole role, String... options) throws Exception {
        return new Ngtcp2Pair(role, Ngtcp2Pair.setup(), ShutdownPair::slow, options);
    }

    /** Makes ngtcp2 close the connection. */
    private static void provokeClose(Ngtcp2Pair pair) throws InterruptedException {
        pair.ours().open(QuicStreamType.UNIDIRECTIONAL).writeAndFinish(Http3.CONTROL_STREAM);
    }

    // What our close says

    @ParameterizedTest
    @EnumSource(OurRole.class)
    void ngtcp2_reads_every_code_of_either_kind_in_either_mode(OurRole role) throws Exception {
        try (Ngtcp2Pair pair = Ngtcp2Pair.direct(role)) {
            for (long code : CODES) {
                for (boolean application : new boolean[] {true, false}) {
                    for (QuicShutdownMode mode : List.of(QuicShutdownMode.COMPLIANT, QuicShutdownMode.RAPID)) {
                        QuicConnectionClose close = new QuicConnectionClose(application, code, true, "code");
                        QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(
                                QuicShutdownPolicy.of(mode).toBuilder().close(close).build()));
                        assertThat(pair.program().closeReceived()).as("%s", outcome).isEqualTo(CloseFrame.of(close));
                        assertThat(outcome.result()).isEqualTo(mode == QuicShutdownMode.RAPID
                                ? ShutdownResult.UNIDIRECTIONAL : ShutdownResult.CLEAN);
                        assertThat(outcome.close()).isEqualTo(close);
                        assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.LOCAL);
                        pair.connect();
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(OurRole.class)
    void ngtcp2_reads_every_reason_of_either_kind_as_far_as_it_fits(OurRole role) throws Exception {
        try (Ngtcp2Pair pair = Ngtcp2Pair.direct(role)) {
            for (String reason : REASONS) {
                for (boolean application : new boolean[] {true, false}) {
                    QuicConnectionClose close = new QuicConnectionClose(application, 7, true, reason);
                    QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(
                            QuicShutdownPolicy.compliant().toBuilder().close(close).build()));
                    String told = outcome.close().reason();
                    assertThat(reason).startsWith(told);
                    // The program prints the first part of a reason, and how long all of it is.
                    int length = told.getBytes(StandardCharsets.UTF_8).length;
                    pair.program().process().awaitLine(line -> line.contains(
                            " CONNECTION_CLOSE(0x" + (application ? "1d" : "1c") + ") ")
                            && line.contains("(0x7) ") && line.contains(" reason_len=" + length + " "));
                    pair.connect();
                }
            }
        }
    }

    // Everything before the close

    @Test
    void ngtcp2_as_a_server_takes_a_megabyte_to_its_fin_and_then_the_close() throws Exception {
        try (Ngtcp2Pair pair = slow(OurRole.CLIENT)) {
            OurStream stream = pair.ours().open(QuicStreamType.BIDIRECTIONAL);
            ByteBuf request = Http3.post("/", MUCH);
            long size = request.readableBytes();
            QuicStreams.conclude(stream.channel(), request);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(PATIENT));
            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.bytesUnacknowledged()).isZero();
            assertThat(pair.program().closeReceived()).isEqualTo(CloseFrame.of(BYE));
            assertThat(pair.program().finReceived()).isEqualTo(new Ngtcp2Program.Fin(stream.id(), size));
            assertThat(pair.program().closesSent()).isEmpty();
        }
    }

    @Test
    void ngtcp2_as_a_client_takes_a_megabyte_to_its_fin_and_then_the_close() throws Exception {
        try (Ngtcp2Pair pair = new Ngtcp2Pair(
                OurRole.SERVER, Ngtcp2Pair.setup(), ShutdownPair::slow, List.of(REQUEST))) {
            OurStream stream = pair.ours().nextStream();
            while (stream.channel().type() != QuicStreamType.BIDIRECTIONAL) {
                stream = pair.ours().nextStream();
            }
            stream.awaitFin();
            ByteBuf response = Http3.ok(MUCH);
            long size = response.readableBytes();
            QuicStreams.conclude(stream.channel(), response);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(PATIENT));
            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.bytesUnacknowledged()).isZero();
            assertThat(pair.program().closeReceived()).isEqualTo(CloseFrame.of(BYE));
            assertThat(pair.program().finReceived()).isEqualTo(new Ngtcp2Program.Fin(stream.id(), size));
            assertThat(pair.program().closesSent()).isEmpty();
        }
    }

    // The peer closes

    @ParameterizedTest
    @EnumSource(OurRole.class)
    void the_close_of_ngtcp2_is_told_when_it_comes(OurRole role) throws Exception {
        try (Ngtcp2Pair pair = Ngtcp2Pair.direct(role)) {
            provokeClose(pair);
            assertToldByPeer(pair, pair.outcome());
        }
    }

    /** The close leaves what provoked it unacknowledged, a packet or two: no failure, but told. */
    private static void assertToldByPeer(Ngtcp2Pair pair, QuicShutdownOutcome outcome) throws InterruptedException {
        assertThat(outcome.close()).as("%s", outcome).isEqualTo(CLOSED_CRITICAL_STREAM);
        assertThat(outcome.remote()).isTrue();
        assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.CLEAN);
        assertThat(outcome.bytesUnacknowledged()).isNotZero();
        assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.PEER);
        assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.PEER_CONFIRMED);
        pair.ours().awaitEnd();
        assertThat(pair.ours().events()).containsSubsequence(new QuicPeerCloseEvent(CLOSED_CRITICAL_STREAM), outcome);
        assertThat(pair.program().closeSent()).isEqualTo(CloseFrame.of(CLOSED_CRITICAL_STREAM));
        assertThat(pair.program().closesReceived()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(OurRole.class)
    void waiting_for_ngtcp2_sends_no_close_and_ends_with_that_of_ngtcp2(OurRole role) throws Exception {
        try (Ngtcp2Pair pair = Ngtcp2Pair.direct(role)) {
            QuicShutdownFuture waiting = pair.shutdown(QuicShutdownPolicy.waitPeer());
            provokeClose(pair);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(waiting);
            assertThat(outcome.mode()).isEqualTo(QuicShutdownMode.WAIT_PEER);
            assertToldByPeer(pair, outcome);
        }
    }

    @ParameterizedTest
    @EnumSource(OurRole.class)
    void ngtcp2_is_closed_when_it_does_not_close_in_time(OurRole role) throws Exception {
        try (Ngtcp2Pair pair = Ngtcp2Pair.direct(role)) {
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(QuicShutdownPolicy.waitPeer().toBuilder()
                    .peerTimeout(Duration.ofMillis(100))
                    .close(BYE)
                    .build()));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.ON_WIRE);
            assertThat(pair.program().closeReceived()).isEqualTo(CloseFrame.of(BYE));
        }
    }

    // A flush that comes to nothing

    @Test
    void the_close_of_ngtcp2_during_our_flush_is_no_success() throws Exception {
        try (Ngtcp2Pair pair = slow(OurRole.CLIENT)) {
            OurStream control = pair.ours().open(QuicStreamType.UNIDIRECTIONAL);
            OurStream stream = pair.ours().open(QuicStreamType.BIDIRECTIONAL);
            stream.channel().writeAndFlush(Http3.post("/", TOO_MUCH));
            control.writeAndFinish(Http3.CONTROL_STREAM);
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(PATIENT));
            assertThat(outcome.result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.LOCAL);
            assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.PEER_CONFIRMED);
            assertThat(outcome.close()).isEqualTo(CLOSED_CRITICAL_STREAM);
            assertThat(outcome.remote()).isTrue();
            assertThat(outcome.bytesUnacknowledged()).isPositive();
            assertThat(pair.program().closesReceived()).isEmpty();
        }
    }

    @Test
    void an_ngtcp2_that_is_killed_during_our_flush_ends_it_by_the_flush_timeout() throws Exception {
        try (Ngtcp2Pair pair = slow(OurRole.CLIENT)) {
            OurStream stream = pair.ours().open(QuicStreamType.BIDIRECTIONAL);
            stream.channel().writeAndFlush(Http3.post("/", TOO_MUCH));
            QuicShutdownFuture future = pair.shutdown(HASTY);
            pair.program().process().awaitLine(line -> line.contains(" STREAM(0x") && line.contains(" id=0x0 "));
            pair.program().close();
            QuicShutdownOutcome outcome = ShutdownPair.outcome(future);
            assertThat(outcome.result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
            assertThat(outcome.delivery()).isEqualTo(QuicCloseDelivery.ON_WIRE);
            assertThat(outcome.bytesUnacknowledged()).isPositive();
            assertThat(outcome.flushTime()).isBetween(HASTY.flushTimeout(), HASTY.flushTimeout().multipliedBy(3));
        }
    }

    @ParameterizedTest
    @EnumSource(OurRole.class)
    void an_idle_timeout_that_ngtcp2_asked_for_is_told_apart(OurRole role) throws Exception {
        try (Ngtcp2Pair pair = Ngtcp2Pair.direct(role, "--timeout=500ms")) {
            QuicShutdownOutcome outcome = pair.outcome();
            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.TRANSPORT);
            assertThat(outcome.cause()).hasMessageContaining("idle timeout");
            assertThat(outcome.close()).isNull();
            assertThat(pair.program().closesSent()).isEmpty();
        }
    }

    // Closes that are lost

    @Test
    void an_ngtcp2_that_sends_a_response_learns_of_a_close_of_which_the_first_was_lost() throws Exception {
        try (Ngtcp2Pair pair = slow(OurRole.CLIENT)) {
            OurStream stream = pair.ours().open(QuicStreamType.BIDIRECTIONAL);
            QuicStreams.conclude(stream.channel(), Http3.get("/" + TOO_MUCH));
            pair.program().process().awaitLine(line -> line.contains(" frm tx ") && line.contains(" id=0x0 "));
            long dropped = 3;
            AtomicLong left = new AtomicLong(dropped);
            // On our event loop, so that only what leaves with the close, or after it, can be lost.
            pair.ours().channel().eventLoop().execute(() -> {
                pair.relay().drop(Direction.TO_SERVER, datagram -> left.getAndDecrement() > 0);
                ShutdownPair.handler(pair.ours()).shutdown(AT_ONCE);
            });
            assertThat(pair.program().closeReceived()).isEqualTo(CloseFrame.of(BYE));
            assertThat(pair.relay().counts(Direction.TO_SERVER).dropped().datagrams()).isEqualTo(dropped);
        }
    }

    @Test
    void ngtcp2_as_a_client_recognizes_our_stateless_reset_when_every_close_was_lost() throws Exception {
        byte[] token = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
        QuicSetup setup = Ngtcp2Pair.setup().codec(builder -> {
            builder.statelessResetToken(token);
            ((QuicServerCodecBuilder) builder).resetTokenGenerator(id -> ByteBuffer.wrap(token.clone()));
        });
        // The request comes when the connection is closed; the client repeats it until it is answered.
        try (Ngtcp2Pair pair = new Ngtcp2Pair(OurRole.SERVER, setup, relay -> relay, List.of(REQUEST),
                "--delay-stream=300ms")) {
            // Before that the client would repeat its handshake, to which no reset is an answer.
            pair.program().process().awaitLine(line -> line.contains(" HANDSHAKE_DONE(0x1e)"));
            // A reset is of 42 bytes at most; this close is of more.
            QuicConnectionClose close = QuicConnectionClose.application(1, "x".repeat(100));
            pair.relay().drop(Direction.TO_CLIENT, datagram -> datagram.length() > 100);
            ShutdownPair.outcome(pair.shutdown(AT_ONCE.toBuilder()
                    .close(close).statelessReset(Duration.ofSeconds(10)).build()));
            pair.program().process().awaitLine(line -> line.contains("0102030405060708090a0b0c0d0e0f10")
                    && line.contains("randlen="));
            assertThat(pair.program().closesReceived()).isEmpty();
        }
    }

    // In the handshake

    @Test
    void ngtcp2_as_a_server_is_told_without_code_and_reason_of_a_close_in_the_handshake() throws Exception {
        QuicShutdownHandlers handlers = new QuicShutdownHandlers();
        try (Ngtcp2Server server = Ngtcp2Server.start();
                UdpFaultRelay relay = UdpFaultRelay.to(server.address()).start();
                QuicClient client = handlers.setup(channel -> { }).protocol(Ngtcp2Program.PROTOCOL).client()) {
            FirstFlight initialOnly = FirstFlight.of(relay);
            client.start(relay.address());
            QuicShutdownHandler handler = handlers.next();
            initialOnly.await();
            QuicShutdownOutcome outcome = ShutdownPair.outcome(handler.shutdown(AT_ONCE));

            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.ABORTED);
            assertThat(outcome.close()).isEqualTo(HIDDEN);
            assertThat(server.program().closeReceived()).isEqualTo(CloseFrame.of(HIDDEN));
        }
    }

    @Test
    void ngtcp2_as_a_client_is_told_without_code_and_reason_of_a_close_in_the_handshake() throws Exception {
        QuicShutdownHandlers handlers = new QuicShutdownHandlers();
        try (QuicServer server = handlers.setup(channel -> { }).protocol(Ngtcp2Program.PROTOCOL).server();
                UdpFaultRelay relay = UdpFaultRelay.to(server.address()).start()) {
            FirstFlight initialOnly = FirstFlight.of(relay);
            try (Ngtcp2Program client = Ngtcp2Client.start(relay.address(), List.of(), List.of())) {
                QuicShutdownHandler handler = handlers.next();
                initialOnly.await();
                initialOnly.end();
                QuicShutdownOutcome outcome = ShutdownPair.outcome(handler.shutdown(AT_ONCE));

                assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.ABORTED);
                assertThat(outcome.close()).isEqualTo(HIDDEN);
                assertThat(client.closeReceived()).isEqualTo(CloseFrame.of(HIDDEN));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(OurRole.class)
    void ngtcp2_is_told_code_and_reason_of_a_close_as_our_side_becomes_active(OurRole role) throws Exception {
        try (Ngtcp2Pair pair = new Ngtcp2Pair(role, closingAsActive(PATIENT), ShutdownPair::slow)) {
            assertThat(pair.program().closeReceived()).isEqualTo(CloseFrame.of(BYE));
            assertThat(pair.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    private static QuicSetup closingAsActive(QuicShutdownPolicy policy) {
        return QuicShutdownHandlers.closingAsActive(policy).protocol(Ngtcp2Program.PROTOCOL);
    }

    @Test
    void ngtcp2_as_a_server_is_told_code_and_reason_though_the_end_of_the_handshake_was_lost_once() throws Exception {
        try (Ngtcp2Pair pair = new Ngtcp2Pair(OurRole.CLIENT, closingAsActive(AT_ONCE),
                path -> ShutdownPair.slow(path).drop(Direction.TO_SERVER,
                        datagram -> datagram.ordinal() == 2 || datagram.ordinal() == 3))) {
            assertThat(pair.program().closeReceived()).isEqualTo(CloseFrame.of(BYE));
            assertThat(pair.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    @Test
    void a_handshake_that_ngtcp2_refuses_ends_with_its_close() throws Exception {
        QuicShutdownHandlers handlers = new QuicShutdownHandlers();
        try (Ngtcp2Server server = Ngtcp2Server.start();
                QuicClient client = handlers.setup(channel -> { }).client()) {
            client.start(server.address());
            QuicShutdownOutcome outcome = ShutdownPair.outcome(handlers.next().outcome());

            assertThat(outcome.result()).as("%s", outcome).isEqualTo(ShutdownResult.ABORTED);
            assertThat(outcome.remote()).isTrue();
            // RFC 7301: no_application_protocol is alert 120; RFC 9001, section 4.8: 0x100 and the alert.
            assertThat(outcome.close()).isEqualTo(QuicConnectionClose.transport(0x178, ""));
            assertThat(server.program().closeSent()).isEqualTo(CloseFrame.of(outcome.close()));
        }
    }
}
