package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.Ending.assertOutcome;
import static io.closenotify.testsuite.peers.RealPeer.AT_ONCE;
import static io.closenotify.testsuite.peers.RealPeer.POLICY;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationException;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.TcpFaultRelay.End;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import java.nio.file.Path;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Our handler against HAProxy, as a server and as a client. */
@ExtendWith(LeakAndLogCheck.class)
@NeedsProgram("haproxy")
@Timeout(60)
class HaProxyTest {

    private static final String HELLO = "http-request return status 200 content-type text/plain"
            + " lf-string \"hello %[ssl_fc_is_resumed]\"";

    private static HttpBackend backend;

    @TempDir
    private Path folder;

    @BeforeAll
    static void startBackend() throws Exception {
        backend = new HttpBackend();
    }

    @AfterAll
    static void stopBackend() {
        backend.close();
    }

    static Stream<TlsSetup> setups() {
        return TlsSetup.all().stream();
    }

    static Stream<Arguments> setupsAndModes() {
        return TlsSetup.cross(TlsSetup.all().stream(), ShutdownMode.values());
    }

    private RealPeer server(TlsSetup setup, String... directives) throws Exception {
        return RealPeer.server(setup, HaProxy.tls(folder, backend.port(), directives));
    }

    private static Connection greeted(RealPeer peer, ShutdownMode mode) throws Exception {
        Connection ours = peer.connect(POLICY.toBuilder().mode(mode).build());
        ours.write(Http.get("/"));
        ours.awaitText("hello 0");
        return ours;
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_answers_our_close_notify_and_closes(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, HELLO)) {
            Connection ours = greeted(peer, ShutdownMode.BIDIRECTIONAL);
            ShutdownOutcome outcome = Waits.done(ours.handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(outcome.sessionResumable()).isTrue();
            assertThat(ours.end()).isSameAs(outcome);
            assertThat(ours.exceptions()).isEmpty();
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_answers_a_fast_shutdown_too_and_meets_no_reset(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, HELLO)) {
            Connection ours = greeted(peer, ShutdownMode.FAST);
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_takes_a_quiet_shutdown_for_a_proper_one(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, HELLO)) {
            Connection ours = greeted(peer, ShutdownMode.QUIET);
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_closes_first_with_close_notify_after_connection_close(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, HELLO)) {
            Connection ours = peer.connect(POLICY);
            ours.write(Http.get("/", "Connection: close"));

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(ours.text()).endsWith("hello 0");
            assertThat(ours.exceptions()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_closes_first_with_close_notify_when_its_keepalive_timeout_is_over(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, "timeout http-keep-alive 50ms", HELLO)) {
            Connection ours = greeted(peer, ShutdownMode.BIDIRECTIONAL);

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(ours.exceptions()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_waits_for_its_backend_when_our_close_notify_has_come_and_answers_both(TlsSetup setup)
            throws Exception {
        try (RealPeer peer = server(setup)) {
            Connection ours = peer.connect(AT_ONCE);
            ours.writeAndShutdown(Http.get("/"));
            HttpBackend.answer(backend.next(), "late");

            ShutdownOutcome outcome = ours.end();
            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(ours.text()).endsWith("late");
            assertThat(outcome.bytesDelivered()).isEqualTo(ours.bytes());
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_with_abortonclose_gives_up_a_request_on_our_close_notify(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, "option abortonclose")) {
            Connection ours = peer.connect(POLICY);
            ours.write(Http.get("/"));
            HttpExchange exchange = backend.next();
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            peer.process().awaitLine(line -> line.contains("state=CH"));
            assertThat(ours.text()).startsWith("HTTP/1.1 400");
            exchange.close();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_sends_close_notify_behind_a_response_that_its_backend_broke_off(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup)) {
            Connection ours = peer.connect(POLICY);
            ours.write(Http.get("/"));
            HttpExchange exchange = backend.next();
            HttpBackend.begin(exchange, "part", 1_000);
            exchange.close();

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(ours.text()).containsIgnoringCase("Content-Length: 1000").endsWith("part");
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_that_is_killed_truncates(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, HELLO)) {
            Connection ours = greeted(peer, ShutdownMode.BIDIRECTIONAL);
            peer.process().close();

            assertOutcome(ours.end(), ShutdownResult.TRUNCATED, ShutdownInitiator.TRANSPORT, true, false);
            assertThat(ours.exceptions()).singleElement().isInstanceOf(TruncationException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndModes")
    void haproxy_resumes_the_session_after_each_mode(TlsSetup setup, ShutdownMode mode) throws Exception {
        try (RealPeer peer = server(setup, HELLO)) {
            Connection first = greeted(peer, mode);
            first.channel().close();
            assertThat(first.end().sessionResumable()).isTrue();

            Connection second = peer.connect(POLICY);
            second.write(Http.get("/"));
            second.awaitText("hello 1");
        }
    }

    /** HAProxy in front of a server of ours. */
    private Proxy proxy(TlsSetup setup, ShutdownMode mode, String... directives) throws Exception {
        return Proxy.before(setup, POLICY.toBuilder().mode(mode).build(),
                port -> HaProxy.plaintext(folder, port, directives));
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_as_client_sends_close_notify_and_resets_when_it_keeps_no_connections(TlsSetup setup)
            throws Exception {
        try (Proxy proxy = proxy(setup, ShutdownMode.BIDIRECTIONAL, "option httpclose")) {
            Future<String> response = proxy.get("/");
            Connection ours = proxy.request();
            ours.write(Http.ok("hello"));

            assertSendsCloseNotifyAndResets(proxy, ours);
            assertThat(Proxy.body(response)).isEqualTo("hello");
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_as_client_sends_close_notify_and_resets_an_idle_connection_on_which_data_comes(TlsSetup setup)
            throws Exception {
        try (Proxy proxy = proxy(setup, ShutdownMode.BIDIRECTIONAL)) {
            Connection ours = proxy.idle("/");
            ours.write("unasked");

            assertSendsCloseNotifyAndResets(proxy, ours);
        }
    }

    private static void assertSendsCloseNotifyAndResets(Proxy proxy, Connection ours) throws Exception {
        ShutdownOutcome outcome = ours.end();
        // Our answer leaves before the reset comes, or it does not.
        ShutdownResult result = outcome.result();
        assertThat(result).isIn(ShutdownResult.CLEAN, ShutdownResult.FLUSH_FAILED);
        assertOutcome(outcome, result, ShutdownInitiator.PEER, true, true);
        assertThat(ours.exceptions()).isEmpty();
        assertThat(proxy.peer().peersEnd()).isEqualTo(End.RESET);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_as_client_answers_our_close_notify_on_an_idle_connection(TlsSetup setup) throws Exception {
        assertEndOfIdle(setup, ShutdownMode.BIDIRECTIONAL, ShutdownResult.CLEAN, true, End.FIN);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_as_client_answers_a_fast_shutdown_of_an_idle_connection(TlsSetup setup) throws Exception {
        assertEndOfIdle(setup, ShutdownMode.FAST, ShutdownResult.CLEAN, true, End.FIN);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_as_client_ends_an_idle_connection_on_a_quiet_shutdown(TlsSetup setup) throws Exception {
        assertEndOfIdle(setup, ShutdownMode.QUIET, ShutdownResult.QUIET, true, End.FIN);
    }

    private void assertEndOfIdle(TlsSetup setup, ShutdownMode mode, ShutdownResult result, boolean received, End end)
            throws Exception {
        try (Proxy proxy = proxy(setup, mode)) {
            Connection ours = proxy.idle("/");
            ours.channel().close();

            assertOutcome(ours.end(), result, ShutdownInitiator.LOCAL, true, received);
            assertThat(ours.exceptions()).isEmpty();
            assertThat(proxy.peer().peersEnd()).isEqualTo(end);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_as_client_takes_our_close_notify_for_the_end_of_a_response_and_answers_it(TlsSetup setup)
            throws Exception {
        try (Proxy proxy = proxy(setup, ShutdownMode.BIDIRECTIONAL)) {
            Future<String> response = proxy.get("/");
            Connection ours = proxy.request();
            ours.write(Http.okUntilTheEnd("hello"));
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(Proxy.body(response)).isEqualTo("hello");
            proxy.peer().assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_as_client_takes_a_bare_fin_for_the_end_of_a_response(TlsSetup setup) throws Exception {
        try (Proxy proxy = proxy(setup, ShutdownMode.QUIET)) {
            Future<String> response = proxy.get("/");
            Connection ours = proxy.request();
            ours.write(Http.okUntilTheEnd("hello"));
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            assertThat(Proxy.body(response)).isEqualTo("hello");
            proxy.peer().assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndModes")
    void haproxy_as_client_resumes_the_session_after_each_mode(TlsSetup setup, ShutdownMode mode) throws Exception {
        try (Proxy proxy = proxy(setup, mode)) {
            Connection first = proxy.idle("/");
            first.channel().close();
            assertThat(first.end().sessionResumable()).isTrue();

            long start = System.currentTimeMillis();
            assertThat(proxy.idle("/").resumedSince(start)).isTrue();
        }
    }
}
