package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.Ending.assertOutcome;
import static io.closenotify.testsuite.peers.RealPeer.POLICY;
import static io.closenotify.testsuite.peers.RealPeer.policy;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.TcpFaultRelay.End;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Our handler against HAProxy, as a server and as a client. */
@NeedsProgram("haproxy")
class HaProxyTest extends RealProxyTest {

    private static final String HELLO = "http-request return status 200 content-type text/plain"
            + " lf-string \"hello %[ssl_fc_is_resumed]\"";

    private RealPeer server(TlsSetup setup, String... directives) throws Exception {
        return RealPeer.server(setup, HaProxy.tls(folder(), backend().port(), directives));
    }

    private Proxy passingOn(TlsSetup setup, ShutdownMode mode, String... directives) throws Exception {
        return Proxy.before(setup, policy(mode), port -> HaProxy.plaintext(folder(), port, directives));
    }

    @Override
    RealPeer greeting(TlsSetup setup) throws Exception {
        return server(setup, HELLO);
    }

    @Override
    RealPeer greetingInHaste(TlsSetup setup) throws Exception {
        return server(setup, "timeout http-keep-alive 50ms", HELLO);
    }

    @Override
    RealPeer beforeBackend(TlsSetup setup) throws Exception {
        return server(setup);
    }

    @Override
    Proxy proxy(TlsSetup setup, ShutdownMode mode) throws Exception {
        return passingOn(setup, mode);
    }

    @Override
    Connection idle(Proxy proxy) throws Exception {
        return proxy.idle("/");
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_answers_our_close_notify_and_closes(TlsSetup setup) throws Exception {
        try (RealPeer peer = greeting(setup)) {
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
        try (RealPeer peer = greeting(setup)) {
            Connection ours = greeted(peer, ShutdownMode.FAST);
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_takes_a_quiet_shutdown_for_a_proper_one(TlsSetup setup) throws Exception {
        try (RealPeer peer = greeting(setup)) {
            Connection ours = greeted(peer, ShutdownMode.QUIET);
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_waits_for_its_backend_when_our_close_notify_has_come_and_answers_both(TlsSetup setup)
            throws Exception {
        assertWaitsForBackend(setup, ShutdownResult.CLEAN, true);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_with_abortonclose_gives_up_a_request_on_our_close_notify(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, "option abortonclose")) {
            Connection ours = peer.connect(POLICY);
            ours.write(Http.get("/"));
            HttpExchange exchange = backend().next();
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            peer.process().awaitLine(line -> line.contains("state=CH"));
            assertThat(ours.text()).startsWith("HTTP/1.1 400");
            exchange.close();
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndModes")
    void haproxy_resumes_the_session_after_each_mode(TlsSetup setup, ShutdownMode mode) throws Exception {
        assertResumption(setup, mode, true);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void haproxy_as_client_sends_close_notify_and_resets_when_it_keeps_no_connections(TlsSetup setup)
            throws Exception {
        try (Proxy proxy = passingOn(setup, ShutdownMode.BIDIRECTIONAL, "option httpclose")) {
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
            Connection ours = idle(proxy);
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
    void haproxy_as_client_takes_our_close_notify_for_the_end_of_a_response_and_answers_it(TlsSetup setup)
            throws Exception {
        assertEndOfResponse(setup, ShutdownMode.BIDIRECTIONAL, ShutdownResult.CLEAN, true);
    }
}
