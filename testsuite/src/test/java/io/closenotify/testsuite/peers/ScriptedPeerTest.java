package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.Ending.assertOutcome;
import static io.closenotify.testsuite.peers.RealPeer.POLICY;
import static io.closenotify.testsuite.peers.RealPeer.policy;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.InboundPolicy;
import io.closenotify.ShutdownException;
import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationException;
import io.closenotify.TruncationPolicy;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.ExpectedLog;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.RelayedConnection;
import io.closenotify.testkit.TcpFaultRelay.Fault;
import io.closenotify.testkit.TcpFaultRelay;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.peers.Connection.Application;
import io.closenotify.testsuite.peers.ScriptedPeer.End;
import io.closenotify.testsuite.peers.ScriptedPeer.Report;
import io.netty.channel.ChannelHandlerContext;
import java.net.SocketException;
import java.time.Duration;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Our handler, as client and as server, against a peer that does exactly what a script says, on real sockets. */
@ExtendWith(LeakAndLogCheck.class)
@ExpectedLog("bytes arrived after our close_notify")
@NeedsProgram("python3")
@Timeout(60)
class ScriptedPeerTest {

    private static final int MEGABYTE = 1_000_000;

    private static final Application ANSWERING = (context, total) -> {
        if (total == 1_000) {
            context.writeAndFlush(Connection.pattern(MEGABYTE));
        }
    };

    /** What our side is. */
    record Side(TlsSetup setup, boolean client) {

        boolean answersAfterApplication() {
            return setup.boringSsl() || setup.tls13();
        }

        @Override
        public String toString() {
            return setup + (client ? " client" : " server");
        }
    }

    static Stream<Side> sides() {
        return TlsSetup.all().stream().flatMap(setup -> Stream.of(new Side(setup, true), new Side(setup, false)));
    }

    /** Our connection, the peer's process and, where asked for, a relay between them. */
    private static final class Pair implements AutoCloseable {

        private final Side side;
        private final ScriptedPeer peer;
        private final Connection.Server server;
        private final TcpFaultRelay relay;
        private final ShutdownPolicy policy;
        private final Application application;
        private Connection ours;
        private RelayedConnection relayed;

        Pair(Side side, ShutdownPolicy policy, Application application, boolean throughRelay, int connections,
                String script) throws Exception {
            this.side = side;
            this.policy = policy;
            this.application = application;
            if (side.client) {
                server = null;
                peer = ScriptedPeer.server(side.setup.protocol(), connections, script);
                relay = throughRelay ? RealPeer.relayTo(peer.port()) : null;
            } else {
                server = new Connection.Server(side.setup.server(), policy, application);
                relay = throughRelay ? RealPeer.relayTo(server.port()) : null;
                peer = ScriptedPeer.client(side.setup.protocol(), relay == null ? server.port()
                        : relay.address().getPort(), connections, script);
            }
            try {
                next();
            } catch (Throwable e) {
                close();
                throw e;
            }
        }

        /** The next connection, its handshake done on our side. */
        void next() throws Exception {
            int port = relay == null ? peer.port() : relay.address().getPort();
            ours = side.client ? Connection.client(side.setup.client(), port, policy, application) : server.next();
            relayed = relay == null ? null : relay.nextConnection(Waits.DEADLINE);
        }

        Direction toUs() {
            return side.client ? Direction.TO_CLIENT : Direction.TO_SERVER;
        }

        Direction toPeer() {
            return side.client ? Direction.TO_SERVER : Direction.TO_CLIENT;
        }

        @Override
        public void close() {
            peer.close();
            if (server != null) {
                server.close();
            }
            if (relay != null) {
                relay.close();
            }
            if (ours != null) {
                ours.handler().abort();
                ours.channel().closeFuture().awaitUninterruptibly(Waits.DEADLINE.toMillis());
            }
        }
    }

    private static Pair pair(Side side, ShutdownPolicy policy, String script) throws Exception {
        return new Pair(side, policy, Application.QUIET, false, 1, script);
    }

    /** Nothing went wrong on the peer's side, and no reset came. */
    private static void assertCleanEnd(Report report, boolean closeNotify, long bytes) {
        assertThat(report).isEqualTo(
                new Report(report.version(), false, bytes, true, closeNotify, null, End.FIN, null));
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_answers_close_notify(Side side) throws Exception {
        try (Pair pair = pair(side, POLICY, "handshake wait_close_notify close_notify read_eof")) {
            ShutdownOutcome outcome = Waits.done(pair.ours.handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(outcome.sessionResumable()).isTrue();
            assertThat(pair.ours.end()).isSameAs(outcome);
            assertThat(pair.ours.exceptions()).isEmpty();
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_answers_in_a_record_that_comes_in_two_pieces(Side side) throws Exception {
        try (Pair pair = pair(side, POLICY,
                "handshake wait_close_notify half_record:7 close_notify mark:half wait_line rest read_eof")) {
            ShutdownFuture shutdown = pair.ours.handler().shutdown();
            pair.peer.awaitMark("half");
            assertThat(shutdown.isDone()).isFalse();
            assertThat(pair.ours.handler().state().closeNotifyReceived()).isFalse();
            pair.peer.goOn();

            assertOutcome(Waits.done(shutdown).getNow(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(pair.ours.end()).isNotNull();
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_that_never_answers_is_silent_at_the_peer_timeout(Side side) throws Exception {
        ShutdownPolicy policy = POLICY.toBuilder().peerTimeout(Duration.ofMillis(200)).build();
        try (Pair pair = pair(side, policy, "handshake read_eof")) {
            ShutdownFuture shutdown = Waits.done(pair.ours.handler().shutdown());

            assertThat(shutdown.cause()).isInstanceOf(ShutdownException.class)
                    .hasRootCauseMessage("no close_notify within 200 ms");
            assertOutcome(shutdown.outcome(), ShutdownResult.PEER_SILENT, ShutdownInitiator.LOCAL, true, false);
            assertThat(shutdown.outcome().peerTime()).isGreaterThanOrEqualTo(Duration.ofMillis(200));
            assertThat(pair.ours.end()).isSameAs(shutdown.outcome());
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_that_sends_fin_instead_of_an_answer_leaves_it_unanswered(Side side) throws Exception {
        try (Pair pair = pair(side, POLICY, "handshake wait_close_notify fin read_eof")) {
            ShutdownOutcome outcome = Waits.done(pair.ours.handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.UNANSWERED, ShutdownInitiator.LOCAL, true, false);
            assertThat(pair.ours.end()).isSameAs(outcome);
            assertThat(pair.ours.exceptions()).isEmpty();
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_that_sends_a_bare_fin_while_idle_truncates(Side side) throws Exception {
        try (Pair pair = pair(side, POLICY, "handshake send:100 fin read_eof")) {
            ShutdownOutcome outcome = pair.ours.end();

            assertOutcome(outcome, ShutdownResult.TRUNCATED, ShutdownInitiator.TRANSPORT, true, false);
            assertThat(pair.ours.exceptions()).singleElement().isInstanceOf(TruncationException.class);
            assertThat(pair.ours.bytes()).isEqualTo(100);
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void bare_fin_is_only_reported_where_the_policy_says_so(Side side) throws Exception {
        ShutdownPolicy policy = POLICY.toBuilder().onTruncation(TruncationPolicy.REPORT).build();
        try (Pair pair = pair(side, policy, "handshake fin read_eof")) {
            assertOutcome(pair.ours.end(), ShutdownResult.TRUNCATED, ShutdownInitiator.TRANSPORT, true, false);
            assertThat(pair.ours.exceptions()).isEmpty();
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void bare_fin_counts_as_close_notify_where_the_policy_says_so(Side side) throws Exception {
        ShutdownPolicy policy = POLICY.toBuilder().onTruncation(TruncationPolicy.IGNORE).build();
        try (Pair pair = pair(side, policy, "handshake fin read_eof")) {
            ShutdownOutcome outcome = pair.ours.end();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.TRANSPORT, true, false);
            assertThat(outcome.cause()).isInstanceOf(TruncationException.class);
            assertThat(pair.ours.exceptions()).isEmpty();
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_that_resets_while_idle(Side side) throws Exception {
        try (Pair pair = pair(side, POLICY, "handshake recv:1 rst")) {
            pair.ours.write(1);
            ShutdownOutcome outcome = pair.ours.end();

            assertOutcome(outcome, ShutdownResult.RESET, ShutdownInitiator.TRANSPORT, false, false);
            assertThat(outcome.cause()).isInstanceOf(SocketException.class);
            assertThat(pair.ours.exceptions()).singleElement().isInstanceOf(SocketException.class);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_that_resets_instead_of_an_answer(Side side) throws Exception {
        try (Pair pair = pair(side, POLICY, "handshake wait_close_notify rst")) {
            ShutdownFuture shutdown = Waits.done(pair.ours.handler().shutdown());

            assertThat(shutdown.cause()).isInstanceOf(ShutdownException.class);
            assertOutcome(shutdown.outcome(), ShutdownResult.RESET, ShutdownInitiator.LOCAL, true, false);
            assertThat(pair.ours.end()).isSameAs(shutdown.outcome());
            assertThat(pair.ours.exceptions()).as("told by the outcome").isEmpty();
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_sends_a_megabyte_before_it_answers_and_every_byte_is_delivered(Side side) throws Exception {
        try (Pair pair = pair(side, POLICY,
                "handshake wait_close_notify send:" + MEGABYTE + " close_notify read_eof")) {
            ShutdownOutcome outcome = Waits.done(pair.ours.handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(pair.ours.bytes()).isEqualTo(MEGABYTE);
            assertThat(pair.ours.intact()).isTrue();
            assertThat(outcome.bytesDelivered()).isEqualTo(MEGABYTE);
            assertThat(pair.ours.end()).isSameAs(outcome);
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_sends_a_megabyte_before_it_answers_and_every_byte_is_discarded(Side side) throws Exception {
        ShutdownPolicy policy = POLICY.toBuilder().inboundAfterCloseNotify(InboundPolicy.DISCARD).build();
        try (Pair pair = pair(side, policy,
                "handshake wait_close_notify send:" + MEGABYTE + " close_notify read_eof")) {
            ShutdownOutcome outcome = Waits.done(pair.ours.handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(pair.ours.bytes()).isZero();
            assertThat(outcome.bytesDiscarded()).isEqualTo(MEGABYTE);
            assertThat(pair.ours.end()).isSameAs(outcome);
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_sends_more_than_the_cap_and_the_shutdown_is_forced(Side side) throws Exception {
        ShutdownPolicy policy = POLICY.toBuilder().inboundCap(100_000).build();
        try (Pair pair = pair(side, policy,
                "handshake wait_close_notify send:" + MEGABYTE + " close_notify read_eof")) {
            ShutdownFuture shutdown = Waits.done(pair.ours.handler().shutdown());

            assertOutcome(shutdown.outcome(), ShutdownResult.ABORTED, ShutdownInitiator.LOCAL, true, false);
            assertThat(shutdown.outcome().bytesDelivered()).isEqualTo(pair.ours.bytes()).isLessThanOrEqualTo(100_000);
            assertThat(pair.ours.end()).isSameAs(shutdown.outcome());
            assertThat(pair.ours.intact()).isTrue();
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_closes_first_on_an_idle_connection_and_gets_our_close_notify(Side side) throws Exception {
        try (Pair pair = pair(side, POLICY, "handshake close_notify wait_close_notify read_eof")) {
            ShutdownOutcome outcome = pair.ours.end();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(outcome.sessionResumable()).isTrue();
            assertThat(pair.ours.exceptions()).isEmpty();
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_closes_first_in_the_segment_that_ends_the_handshake(Side side) throws Exception {
        try (Pair pair = pair(side, POLICY, "hold handshake close_notify flush wait_close_notify read_eof")) {
            assertOutcome(pair.ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(pair.ours.exceptions()).isEmpty();
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_sends_data_and_closes_first_in_the_segment_that_ends_the_handshake(Side side) throws Exception {
        try (Pair pair = pair(side, POLICY, "hold handshake send:10 close_notify flush wait_close_notify read_eof")) {
            ShutdownOutcome outcome = pair.ours.end();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(pair.ours.bytes()).isEqualTo(10);
            assertThat(pair.ours.exceptions()).isEmpty();
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_closes_first_with_fin_and_gets_our_close_notify(Side side) throws Exception {
        try (Pair pair = pair(side, POLICY, "handshake hold send:10 close_notify flush fin read_eof")) {
            ShutdownOutcome outcome = pair.ours.end();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(pair.ours.bytes()).isEqualTo(10);
            assertThat(pair.ours.exceptions()).isEmpty();
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_closes_first_and_gets_the_answer_to_a_request_in_the_same_segment(Side side) throws Exception {
        assertAnswersRequest(side, ANSWERING, "flush");
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_closes_first_with_fin_and_gets_the_answer_to_a_request_in_the_same_segment(Side side) throws Exception {
        assertAnswersRequest(side, ANSWERING, "flush fin");
    }

    private static void assertAnswersRequest(Side side, Application answering, String end) throws Exception {
        try (Pair pair = new Pair(side, POLICY, answering, false, 1, "handshake hold send:1000 close_notify " + end
                + " recv:" + MEGABYTE + " wait_close_notify read_eof")) {
            assertOutcome(pair.ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(pair.ours.exceptions()).isEmpty();
            assertCleanEnd(pair.peer.report(), true, MEGABYTE);
        }
    }

    /** All but TLS 1.2 on the JDK engine, which answers at once. */
    static Stream<Side> sidesThatAnswerAfterTheApplication() {
        return sides().filter(Side::answersAfterApplication);
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sidesThatAnswerAfterTheApplication")
    void peer_closes_first_and_gets_the_answer_that_is_flushed_when_the_read_is_over(Side side) throws Exception {
        Application answering = new Application() {
            @Override
            public void received(ChannelHandlerContext context, long total) {
                if (total == 1_000) {
                    context.write(Connection.pattern(MEGABYTE));
                }
            }

            @Override
            public void readComplete(ChannelHandlerContext context) {
                context.flush();
            }
        };
        assertAnswersRequest(side, answering, "flush");
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void both_close_at_once(Side side) throws Exception {
        try (Pair pair = new Pair(side, POLICY, Application.QUIET, true, 1,
                "handshake recv:1 send:1 mark:ready wait_line close_notify mark:closed wait_close_notify read_eof")) {
            pair.ours.write(1);
            pair.ours.awaitBytes(1);
            pair.peer.awaitMark("ready");
            pair.relayed.cut(pair.toUs(), 0, Fault.STALL);
            pair.relayed.cut(pair.toPeer(), 0, Fault.STALL);
            // On the event loop, so that it has begun before anything of the peer's can arrive.
            ShutdownFuture shutdown = Waits.done(pair.ours.channel().eventLoop()
                    .<ShutdownFuture>submit(() -> pair.ours.handler().shutdown())).getNow();
            pair.peer.goOn();
            pair.peer.awaitMark("closed");
            // Both alerts are on their way now, and neither has arrived.
            pair.relayed.resume(pair.toUs());
            pair.relayed.resume(pair.toPeer());

            assertOutcome(Waits.done(shutdown).getNow(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(pair.ours.end()).isSameAs(shutdown.outcome());
            assertCleanEnd(pair.peer.report(), true, 1);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peers_close_notify_cut_at_any_byte_truncates_and_the_whole_one_never(Side side) throws Exception {
        // More than the longest close_notify record: 31 bytes (AES-GCM in TLS 1.2).
        int connections = 64;
        try (Pair pair = new Pair(side, POLICY, Application.QUIET, true, connections,
                "handshake recv:1 send:1 wait_line close_notify read_eof")) {
            long whole = awaitCloseNotify(pair, Long.MAX_VALUE);
            assertThat(whole).isBetween(20L, connections - 2L);

            for (long cut = 0; cut <= whole; cut++) {
                pair.next();
                awaitCloseNotify(pair, cut);
                ShutdownOutcome outcome = pair.ours.end();
                if (cut < whole) {
                    assertOutcome(outcome, ShutdownResult.TRUNCATED, ShutdownInitiator.TRANSPORT, true, false);
                    assertThat(pair.ours.exceptions()).singleElement().isInstanceOf(TruncationException.class);
                } else {
                    assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
                    assertThat(pair.ours.exceptions()).isEmpty();
                }
            }
        }
    }

    /** Asks the peer for its close_notify, of which so much passes, and returns how long it was. */
    private static long awaitCloseNotify(Pair pair, long cut) throws Exception {
        pair.ours.write(1);
        pair.ours.awaitBytes(1);
        // Session tickets came before this byte: the close_notify is the next thing to come.
        long before = pair.relayed.received(pair.toUs());
        pair.relayed.cut(pair.toUs(), cut, Fault.FIN);
        pair.peer.goOn();
        pair.ours.end();
        assertThat(pair.peer.report().failure()).isNull();
        return pair.relayed.received(pair.toUs()) - before;
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void peer_that_sends_an_unreadable_record_gets_a_fatal_alert(Side side) throws Exception {
        String record = "170303" + "0020" + "00".repeat(32);
        try (Pair pair = pair(side, POLICY, "handshake recv:1 raw:" + record + " read_eof")) {
            pair.ours.write(1);
            ShutdownOutcome outcome = pair.ours.end();

            assertOutcome(outcome, ShutdownResult.FATAL_ALERT, ShutdownInitiator.PEER, false, false);
            assertThat(outcome.sessionResumable()).isFalse();
            assertThat(outcome.cause()).isInstanceOf(SSLException.class);
            Report report = pair.peer.report();
            assertThat(report.alert()).containsIgnoringCase("bad_record_mac");
            assertThat(report.closeNotify()).isFalse();
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void fast_sends_close_notify_and_does_not_wait(Side side) throws Exception {
        ShutdownPolicy policy = policy(ShutdownMode.FAST);
        try (Pair pair = pair(side, policy, "handshake read_eof")) {
            ShutdownFuture shutdown = pair.ours.handler().shutdown();

            assertOutcome(pair.ours.end(), ShutdownResult.UNIDIRECTIONAL, ShutdownInitiator.LOCAL, true, false);
            assertThat(Waits.done(shutdown).isSuccess()).isTrue();
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void fast_is_clean_when_the_peer_answers_all_the_same(Side side) throws Exception {
        ShutdownPolicy policy = policy(ShutdownMode.FAST);
        try (Pair pair = pair(side, policy, "handshake wait_close_notify close_notify read_eof")) {
            pair.ours.channel().close();

            assertOutcome(pair.ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertCleanEnd(pair.peer.report(), true, 0);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("sides")
    void quiet_sends_fin_and_no_alert(Side side) throws Exception {
        ShutdownPolicy policy = policy(ShutdownMode.QUIET);
        try (Pair pair = pair(side, policy, "handshake recv:1 read_eof")) {
            pair.ours.write(1);
            pair.ours.channel().close();

            assertOutcome(pair.ours.end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            assertCleanEnd(pair.peer.report(), false, 1);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(ShutdownMode.class)
    void a_megabyte_written_before_the_shutdown_arrives_whole_in_every_mode(ShutdownMode mode) throws Exception {
        ShutdownPolicy policy = policy(mode);
        String end = mode == ShutdownMode.QUIET ? " read_eof" : " wait_close_notify close_notify read_eof";
        for (Side side : sides().toList()) {
            try (Pair pair = pair(side, policy, "handshake recv:" + MEGABYTE + end)) {
                pair.ours.write(MEGABYTE);
                pair.ours.channel().close();

                assertThat(pair.ours.end().isSuccess()).as(side.toString()).isTrue();
                assertCleanEnd(pair.peer.report(), mode != ShutdownMode.QUIET, MEGABYTE);
            }
        }
    }
}
