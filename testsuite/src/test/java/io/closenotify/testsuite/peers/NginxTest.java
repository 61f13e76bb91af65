package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.Ending.assertOutcome;
import static io.closenotify.testsuite.peers.RealPeer.AT_ONCE;
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
import io.netty.handler.ssl.SslProvider;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Our handler against nginx, as a server and as a client. */
@NeedsProgram("nginx")
class NginxTest extends RealProxyTest {

    private static final String HELLO = """
            location / {
                if ($ssl_session_reused = r) { return 200 "hello 1"; }
                return 200 "hello 0";
            }
            """;

    private RealPeer server(TlsSetup setup, String directives) throws Exception {
        return RealPeer.server(setup, Nginx.tls(folder(), directives));
    }

    @Override
    RealPeer greeting(TlsSetup setup) throws Exception {
        return server(setup, HELLO);
    }

    @Override
    RealPeer greetingInHaste(TlsSetup setup) throws Exception {
        return server(setup, "keepalive_timeout 50ms; " + HELLO);
    }

    @Override
    RealPeer beforeBackend(TlsSetup setup) throws Exception {
        return server(setup, "location / { proxy_pass http://127.0.0.1:" + backend().port() + "; }");
    }

    @Override
    Proxy proxy(TlsSetup setup, ShutdownMode mode) throws Exception {
        return Proxy.before(setup, policy(mode), port -> Nginx.plaintext(folder(),
                "upstream ours { server 127.0.0.1:" + port + "; keepalive 1; }", """
                proxy_ssl_protocols TLSv1.2 TLSv1.3;
                location / { proxy_pass https://127.0.0.1:%d; }
                location /keep {
                    proxy_pass https://ours;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                }
                """.formatted(port)));
    }

    @Override
    Connection idle(Proxy proxy) throws Exception {
        return proxy.idle("/keep");
    }

    @ParameterizedTest
    @MethodSource("setups")
    void nginx_answers_our_close_notify_with_a_bare_fin(TlsSetup setup) throws Exception {
        try (RealPeer peer = greeting(setup)) {
            Connection ours = greeted(peer, ShutdownMode.BIDIRECTIONAL);
            ShutdownOutcome outcome = Waits.done(ours.handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.UNANSWERED, ShutdownInitiator.LOCAL, true, false);
            assertThat(outcome.sessionResumable()).isTrue();
            assertThat(ours.end()).isSameAs(outcome);
            assertThat(ours.exceptions()).isEmpty();
            peer.process().awaitLine(Nginx::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void nginx_answers_a_fast_shutdown_with_a_bare_fin(TlsSetup setup) throws Exception {
        try (RealPeer peer = greeting(setup)) {
            Connection ours = greeted(peer, ShutdownMode.FAST);
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.UNIDIRECTIONAL, ShutdownInitiator.LOCAL, true, false);
            peer.process().awaitLine(Nginx::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void nginx_takes_a_quiet_shutdown_for_a_proper_one(TlsSetup setup) throws Exception {
        try (RealPeer peer = greeting(setup)) {
            Connection ours = greeted(peer, ShutdownMode.QUIET);
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            // SSL_OP_IGNORE_UNEXPECTED_EOF
            peer.process().awaitLine(Nginx::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void nginx_answers_a_request_with_our_close_notify_right_behind_it(TlsSetup setup) throws Exception {
        try (RealPeer peer = greeting(setup)) {
            Connection ours = peer.connect(AT_ONCE);
            ShutdownOutcome outcome = Waits.done(ours.writeAndShutdown(Http.get("/"))).getNow();

            assertOutcome(outcome, ShutdownResult.UNANSWERED, ShutdownInitiator.LOCAL, true, false);
            assertThat(ours.text()).endsWith("hello 0");
            assertThat(outcome.bytesDelivered()).isEqualTo(ours.bytes());
            ours.end();
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void nginx_waits_for_its_backend_when_our_close_notify_has_come(TlsSetup setup) throws Exception {
        assertWaitsForBackend(setup, ShutdownResult.UNANSWERED, false);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void nginx_gives_up_a_request_and_resets_when_the_fin_of_a_fast_shutdown_comes(TlsSetup setup) throws Exception {
        // It closes with our close_notify unread.
        assertGivesUp(setup, ShutdownMode.FAST, ShutdownResult.RESET, false, End.RESET);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void nginx_gives_up_a_request_when_the_fin_of_a_quiet_shutdown_comes(TlsSetup setup) throws Exception {
        assertGivesUp(setup, ShutdownMode.QUIET, ShutdownResult.QUIET, true, End.FIN);
    }

    private void assertGivesUp(TlsSetup setup, ShutdownMode mode, ShutdownResult result, boolean received, End end)
            throws Exception {
        try (RealPeer peer = beforeBackend(setup)) {
            Connection ours = peer.connect(policy(mode));
            ours.write(Http.get("/"));
            HttpExchange exchange = backend().next();
            ours.channel().close();

            assertOutcome(ours.end(), result, ShutdownInitiator.LOCAL, true, received);
            assertThat(ours.bytes()).isZero();
            assertThat(peer.peersEnd()).isEqualTo(end);
            peer.process().awaitLine(line -> line.contains("finalize http upstream request: 499"));
            exchange.close();
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndModes")
    void nginx_resumes_the_session_after_each_mode(TlsSetup setup, ShutdownMode mode) throws Exception {
        // BoringSSL drops the session of a TLS 1.2 connection on which the server sent no close_notify.
        assertResumption(setup, mode, setup.provider() == SslProvider.JDK || setup.tls13());
    }

    @ParameterizedTest
    @MethodSource("setups")
    void nginx_as_client_closes_first_with_close_notify_when_it_has_the_response(TlsSetup setup) throws Exception {
        try (Proxy proxy = proxy(setup, ShutdownMode.BIDIRECTIONAL)) {
            Future<String> response = proxy.get("/");
            Connection ours = proxy.request();
            ours.write(Http.ok("hello"));

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(ours.exceptions()).isEmpty();
            assertThat(Proxy.body(response)).isEqualTo("hello");
        }
    }

    /** It sends no close_notify on connections that it keeps, and does not read what made it close them. */
    @ParameterizedTest
    @MethodSource("setups")
    void nginx_as_client_resets_an_idle_connection_on_our_close_notify(TlsSetup setup) throws Exception {
        assertEndOfIdle(setup, ShutdownMode.BIDIRECTIONAL, ShutdownResult.RESET, false, End.RESET);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void nginx_as_client_resets_an_idle_connection_on_a_fast_shutdown(TlsSetup setup) throws Exception {
        assertEndOfIdle(setup, ShutdownMode.FAST, ShutdownResult.RESET, false, End.RESET);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void nginx_as_client_resets_an_idle_connection_on_which_data_comes(TlsSetup setup) throws Exception {
        try (Proxy proxy = proxy(setup, ShutdownMode.BIDIRECTIONAL)) {
            Connection ours = idle(proxy);
            ours.write("unasked");

            assertOutcome(ours.end(), ShutdownResult.RESET, ShutdownInitiator.TRANSPORT, false, false);
            assertThat(proxy.peer().peersEnd()).isEqualTo(End.RESET);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void nginx_as_client_takes_our_close_notify_for_the_end_of_a_response_and_sends_a_bare_fin(TlsSetup setup)
            throws Exception {
        assertEndOfResponse(setup, ShutdownMode.BIDIRECTIONAL, ShutdownResult.UNANSWERED, false);
    }
}
