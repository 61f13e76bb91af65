package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.Ending.assertOutcome;
import static io.closenotify.testsuite.peers.RealPeer.AT_ONCE;
import static io.closenotify.testsuite.peers.RealPeer.POLICY;
import static io.closenotify.testsuite.peers.RealPeer.policy;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationException;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.peers.Connection.Application;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Our handler against Node's tls and https, as servers and as clients. */
@ExtendWith(LeakAndLogCheck.class)
@NeedsProgram("node")
@Timeout(60)
class NodeTest {

    private static PeerProcess program;

    @BeforeAll
    static void startProgram() {
        program = Node.program();
    }

    @AfterAll
    static void stopProgram() {
        program.close();
    }

    static Stream<TlsSetup> setups() {
        return TlsSetup.all().stream();
    }

    static Stream<Arguments> setupsAndModes() {
        return TlsSetup.cross(TlsSetup.all().stream(), ShutdownMode.values());
    }

    private static Node server(TlsSetup setup, String role, String... options) throws Exception {
        return Node.server(program, setup, role, options);
    }

    private static Connection connected(Node node, ShutdownMode mode) throws Exception {
        Connection ours = node.peer().connect(policy(mode));
        awaitConnected(node, false);
        return ours;
    }

    /** A client that is connected. */
    private static Node client(TlsSetup setup, ShutdownMode mode, String... options) throws Exception {
        Node node = Node.client(program, setup, policy(mode), "tls-client", options);
        node.send("connect");
        node.peer().accept();
        awaitConnected(node, false);
        return node;
    }

    /** Also tells whether Node resumed the session. */
    private static void awaitConnected(Node node, boolean resumed) throws Exception {
        assertThat(node.awaitLine(line -> line.startsWith("connected"))).isEqualTo("connected " + resumed);
    }

    /** Node reads the end of the input, and does not tell close_notify and FIN apart. */
    private static void assertEndSeen(Node node) throws Exception {
        node.awaitLine("end"::equals);
        node.awaitLine("close in good order"::equals);
        node.peer().assertNoReset();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_answers_our_close_notify_and_closes(TlsSetup setup) throws Exception {
        try (Node node = server(setup, "tls-server")) {
            Connection ours = connected(node, ShutdownMode.BIDIRECTIONAL);
            ShutdownOutcome outcome = Waits.done(ours.handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(outcome.sessionResumable()).isTrue();
            assertThat(ours.end()).isSameAs(outcome);
            assertThat(ours.exceptions()).isEmpty();
            assertEndSeen(node);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_answers_a_fast_shutdown_too_and_meets_no_reset(TlsSetup setup) throws Exception {
        try (Node node = server(setup, "tls-server")) {
            Connection ours = connected(node, ShutdownMode.FAST);
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertEndSeen(node);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_takes_a_quiet_shutdown_for_a_proper_one(TlsSetup setup) throws Exception {
        try (Node node = server(setup, "tls-server")) {
            Connection ours = connected(node, ShutdownMode.QUIET);
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            assertEndSeen(node);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_that_allows_half_open_goes_on_writing_and_answers_at_its_own_end(TlsSetup setup) throws Exception {
        try (Node node = server(setup, "tls-server", "allowHalfOpen=true")) {
            Connection ours = connected(node, ShutdownMode.BIDIRECTIONAL);
            ours.channel().close();
            node.awaitLine("end"::equals);
            node.send("write late");
            node.send("end");

            ShutdownOutcome outcome = ours.end();
            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(ours.text()).isEqualTo("late");
            assertThat(outcome.bytesDelivered()).isEqualTo(4);
            node.awaitLine("close in good order"::equals);
            node.peer().assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_that_allows_half_open_never_answers_by_itself(TlsSetup setup) throws Exception {
        try (Node node = server(setup, "tls-server", "allowHalfOpen=true")) {
            Connection ours = node.peer().connect(POLICY.toBuilder()
                    .peerTimeout(Duration.ofMillis(200)).linger(Duration.ofMillis(50)).build());
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.PEER_SILENT, ShutdownInitiator.LOCAL, true, false);
            node.awaitLine("end"::equals);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_ends_first_with_close_notify_and_waits_for_ours(TlsSetup setup) throws Exception {
        try (Node node = server(setup, "tls-server")) {
            Connection ours = connected(node, ShutdownMode.BIDIRECTIONAL);
            node.send("write bye");
            node.send("end");

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(ours.text()).isEqualTo("bye");
            assertThat(ours.exceptions()).isEmpty();
            assertEndSeen(node);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_that_destroys_its_socket_sends_no_close_notify(TlsSetup setup) throws Exception {
        try (Node node = server(setup, "tls-server")) {
            Connection ours = connected(node, ShutdownMode.BIDIRECTIONAL);
            node.send("destroy");

            assertTruncated(ours);
        }
    }

    private static void assertTruncated(Connection ours) throws Exception {
        assertOutcome(ours.end(), ShutdownResult.TRUNCATED, ShutdownInitiator.TRANSPORT, true, false);
        assertThat(ours.exceptions()).singleElement().isInstanceOf(TruncationException.class);
    }

    @ParameterizedTest
    @MethodSource("setupsAndModes")
    void node_resumes_the_session_after_each_mode(TlsSetup setup, ShutdownMode mode) throws Exception {
        // With TLS 1.2 and BoringSSL Node resumes no session of an SslHandler alone, either.
        boolean resumes = !setup.boringSsl() || setup.tls13();
        try (Node node = server(setup, "tls-server")) {
            Connection first = connected(node, mode);
            // The tickets of TLS 1.3 come before this.
            node.send("write hello");
            first.awaitText("hello");
            first.channel().close();
            assertThat(first.end().sessionResumable()).isTrue();

            node.peer().connect(POLICY);
            awaitConnected(node, resumes);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_https_closes_first_with_close_notify_after_connection_close(TlsSetup setup) throws Exception {
        try (Node node = server(setup, "https-server")) {
            Connection ours = node.peer().connect(POLICY);
            ours.write(Http.get("/", "Connection: close"));

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(ours.text()).endsWith("hello false");
            assertThat(ours.exceptions()).isEmpty();
        }
    }

    /** All at once, because Node looks for such connections only once a second. */
    @Test
    void node_https_closes_first_without_close_notify_when_its_keepalive_timeout_is_over() throws Exception {
        TlsSetup any = TlsSetup.all().get(0);
        try (Node node = server(any, "https-server", "keepAliveTimeout=50")) {
            List<Connection> connections = new ArrayList<>();
            for (TlsSetup setup : TlsSetup.all()) {
                Connection ours = Connection.client(setup.client(), node.peer().port(), POLICY, Application.QUIET);
                ours.write(Http.get("/"));
                connections.add(ours);
            }
            for (Connection ours : connections) {
                assertTruncated(ours);
                assertThat(ours.text()).endsWith("hello false");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_https_answers_a_request_and_our_close_notify_right_behind_it(TlsSetup setup) throws Exception {
        try (Node node = server(setup, "https-server")) {
            Connection ours = node.peer().connect(AT_ONCE);
            ShutdownOutcome outcome = Waits.done(ours.writeAndShutdown(Http.get("/"))).getNow();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(ours.text()).endsWith("hello false");
            assertThat(outcome.bytesDelivered()).isEqualTo(ours.bytes());
            ours.end();
            node.peer().assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_as_client_answers_our_close_notify_and_closes(TlsSetup setup) throws Exception {
        try (Node node = client(setup, ShutdownMode.BIDIRECTIONAL)) {
            node.peer().ours().write("hello");
            ShutdownOutcome outcome = Waits.done(node.peer().ours().handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(node.peer().ours().end()).isSameAs(outcome);
            node.awaitLine("data hello"::equals);
            assertEndSeen(node);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_as_client_answers_a_fast_shutdown_too_and_meets_no_reset(TlsSetup setup) throws Exception {
        try (Node node = client(setup, ShutdownMode.FAST)) {
            node.peer().ours().channel().close();

            assertOutcome(node.peer().ours().end(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertEndSeen(node);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_as_client_takes_a_quiet_shutdown_for_a_proper_one(TlsSetup setup) throws Exception {
        try (Node node = client(setup, ShutdownMode.QUIET)) {
            node.peer().ours().channel().close();

            assertOutcome(node.peer().ours().end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            assertEndSeen(node);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_as_client_that_allows_half_open_goes_on_writing_and_answers_at_its_own_end(TlsSetup setup)
            throws Exception {
        try (Node node = client(setup, ShutdownMode.BIDIRECTIONAL, "allowHalfOpen=true")) {
            node.peer().ours().channel().close();
            node.awaitLine("end"::equals);
            node.send("write late");
            node.send("end");

            ShutdownOutcome outcome = node.peer().ours().end();
            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(node.peer().ours().text()).isEqualTo("late");
            assertThat(outcome.bytesDelivered()).isEqualTo(4);
            node.peer().assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_as_client_ends_first_with_close_notify_and_waits_for_ours(TlsSetup setup) throws Exception {
        try (Node node = client(setup, ShutdownMode.BIDIRECTIONAL)) {
            node.send("write bye");
            node.send("end");

            assertOutcome(node.peer().ours().end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(node.peer().ours().text()).isEqualTo("bye");
            assertThat(node.peer().ours().exceptions()).isEmpty();
            assertEndSeen(node);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_as_client_that_destroys_its_socket_sends_no_close_notify(TlsSetup setup) throws Exception {
        try (Node node = client(setup, ShutdownMode.BIDIRECTIONAL)) {
            // With the tickets unread, which come before this, it would reset.
            node.peer().ours().write("hello");
            node.awaitLine("data hello"::equals);
            node.send("destroy");

            assertTruncated(node.peer().ours());
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndModes")
    void node_as_client_resumes_the_session_after_each_mode(TlsSetup setup, ShutdownMode mode) throws Exception {
        try (Node node = client(setup, mode)) {
            // The tickets of TLS 1.3 come before this.
            node.peer().ours().write("hello");
            node.awaitLine("data hello"::equals);
            node.peer().ours().channel().close();
            assertThat(node.peer().ours().end().sessionResumable()).isTrue();

            node.send("connect");
            node.peer().accept();
            awaitConnected(node, true);
        }
    }

    /** An https client that has asked for something. */
    private static Node asking(TlsSetup setup, ShutdownMode mode) throws Exception {
        Node node = Node.client(program, setup, policy(mode), "https-client");
        ask(node);
        awaitConnected(node, false);
        return node;
    }

    private static void ask(Node node) throws Exception {
        node.send("get /");
        node.peer().accept().awaitText("\r\n\r\n");
    }

    @ParameterizedTest
    @MethodSource("setupsAndModes")
    void node_https_agent_drops_an_idle_connection_that_we_end_and_resumes_the_session(TlsSetup setup,
            ShutdownMode mode) throws Exception {
        try (Node node = asking(setup, mode)) {
            Connection first = node.peer().ours();
            first.write(Http.ok("hello"));
            node.awaitLine("response hello"::equals);
            first.channel().close();

            ShutdownResult result = mode == ShutdownMode.QUIET ? ShutdownResult.QUIET : ShutdownResult.CLEAN;
            assertOutcome(first.end(), result, ShutdownInitiator.LOCAL, true, true);
            assertEndSeen(node);
            ask(node);
            awaitConnected(node, true);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_https_agent_closes_first_with_close_notify_after_connection_close(TlsSetup setup) throws Exception {
        try (Node node = asking(setup, ShutdownMode.BIDIRECTIONAL)) {
            node.peer().ours().write(Http.ok("hello", "Connection: close"));

            assertOutcome(node.peer().ours().end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            node.awaitLine("response hello"::equals);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_https_agent_takes_our_close_notify_for_the_end_of_a_response_and_sends_a_bare_fin(TlsSetup setup)
            throws Exception {
        try (Node node = asking(setup, ShutdownMode.BIDIRECTIONAL)) {
            node.peer().ours().write(Http.okUntilTheEnd("hello"));
            node.peer().ours().channel().close();

            assertOutcome(node.peer().ours().end(), ShutdownResult.UNANSWERED, ShutdownInitiator.LOCAL, true, false);
            node.awaitLine("response hello"::equals);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_https_agent_takes_a_bare_fin_for_the_end_of_a_response(TlsSetup setup) throws Exception {
        try (Node node = asking(setup, ShutdownMode.QUIET)) {
            node.peer().ours().write(Http.okUntilTheEnd("hello"));
            node.peer().ours().channel().close();

            assertOutcome(node.peer().ours().end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            node.awaitLine("response hello"::equals);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void node_https_agent_knows_by_its_length_that_a_response_was_cut(TlsSetup setup) throws Exception {
        try (Node node = asking(setup, ShutdownMode.QUIET)) {
            node.peer().ours().write(Http.ok("hello").replace("hello", "hell"));
            node.peer().ours().channel().close();

            assertOutcome(node.peer().ours().end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            node.awaitLine("response failed ECONNRESET"::equals);
        }
    }
}
