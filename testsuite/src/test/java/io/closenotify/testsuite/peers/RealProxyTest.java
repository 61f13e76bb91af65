package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.Ending.assertOutcome;
import static io.closenotify.testsuite.peers.RealPeer.AT_ONCE;
import static io.closenotify.testsuite.peers.RealPeer.POLICY;
import static io.closenotify.testsuite.peers.RealPeer.policy;
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
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What nginx and HAProxy do alike, as a server and as a client, and how each is asked for the rest. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
abstract class RealProxyTest {

    @TempDir
    private Path folder;

    private HttpBackend backend;

    @BeforeEach
    void startBackend() throws IOException {
        backend = new HttpBackend();
    }

    @AfterEach
    void stopBackend() {
        backend.close();
    }

    Path folder() {
        return folder;
    }

    HttpBackend backend() {
        return backend;
    }

    /** Says hello, and 1 if the session was resumed, else 0. */
    abstract RealPeer greeting(TlsSetup setup) throws Exception;

    /** The same, but keeps an idle connection for no longer than 50 ms. */
    abstract RealPeer greetingInHaste(TlsSetup setup) throws Exception;

    /** Passes requests on to the backend. */
    abstract RealPeer beforeBackend(TlsSetup setup) throws Exception;

    /** Passes requests on to a server of ours. */
    abstract Proxy proxy(TlsSetup setup, ShutdownMode mode) throws Exception;

    /** Our end of a connection that it keeps, on which a request was answered. */
    abstract Connection idle(Proxy proxy) throws Exception;

    static Stream<TlsSetup> setups() {
        return TlsSetup.all().stream();
    }

    static Stream<Arguments> setupsAndModes() {
        return TlsSetup.cross(TlsSetup.all().stream(), ShutdownMode.values());
    }

    static Connection greeted(RealPeer peer, ShutdownMode mode) throws Exception {
        Connection ours = peer.connect(policy(mode));
        ours.write(Http.get("/"));
        ours.awaitText("hello 0");
        return ours;
    }

    @ParameterizedTest
    @MethodSource("setups")
    void it_closes_first_with_close_notify_after_connection_close(TlsSetup setup) throws Exception {
        try (RealPeer peer = greeting(setup)) {
            Connection ours = peer.connect(POLICY);
            ours.write(Http.get("/", "Connection: close"));

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(ours.text()).endsWith("hello 0");
            assertThat(ours.exceptions()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void it_closes_first_with_close_notify_when_its_keepalive_timeout_is_over(TlsSetup setup) throws Exception {
        try (RealPeer peer = greetingInHaste(setup)) {
            Connection ours = greeted(peer, ShutdownMode.BIDIRECTIONAL);

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(ours.exceptions()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void it_sends_close_notify_behind_a_response_that_its_backend_broke_off(TlsSetup setup) throws Exception {
        try (RealPeer peer = beforeBackend(setup)) {
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
    void it_truncates_when_it_is_killed(TlsSetup setup) throws Exception {
        try (RealPeer peer = greeting(setup)) {
            Connection ours = greeted(peer, ShutdownMode.BIDIRECTIONAL);
            peer.process().close();

            assertOutcome(ours.end(), ShutdownResult.TRUNCATED, ShutdownInitiator.TRANSPORT, true, false);
            assertThat(ours.exceptions()).singleElement().isInstanceOf(TruncationException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void as_client_it_takes_a_bare_fin_for_the_end_of_a_response(TlsSetup setup) throws Exception {
        assertEndOfResponse(setup, ShutdownMode.QUIET, ShutdownResult.QUIET, true);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void as_client_it_ends_an_idle_connection_with_a_bare_fin_on_a_quiet_shutdown(TlsSetup setup) throws Exception {
        assertEndOfIdle(setup, ShutdownMode.QUIET, ShutdownResult.QUIET, true, End.FIN);
    }

    @ParameterizedTest
    @MethodSource("setupsAndModes")
    void as_client_it_resumes_the_session_after_each_mode(TlsSetup setup, ShutdownMode mode) throws Exception {
        try (Proxy proxy = proxy(setup, mode)) {
            Connection first = idle(proxy);
            first.channel().close();
            assertThat(first.end().sessionResumable()).isTrue();

            long start = System.currentTimeMillis();
            assertThat(idle(proxy).resumedSince(start)).isTrue();
        }
    }

    /** Its backend answers when our close_notify has come. */
    void assertWaitsForBackend(TlsSetup setup, ShutdownResult result, boolean received) throws Exception {
        try (RealPeer peer = beforeBackend(setup)) {
            Connection ours = peer.connect(AT_ONCE);
            ours.writeAndShutdown(Http.get("/"));
            HttpBackend.answer(backend.next(), "late");

            ShutdownOutcome outcome = ours.end();
            assertOutcome(outcome, result, ShutdownInitiator.LOCAL, true, received);
            assertThat(ours.text()).endsWith("late");
            assertThat(outcome.bytesDelivered()).isEqualTo(ours.bytes());
            peer.assertNoReset();
        }
    }

    void assertResumption(TlsSetup setup, ShutdownMode mode, boolean resumes) throws Exception {
        try (RealPeer peer = greeting(setup)) {
            Connection first = greeted(peer, mode);
            first.channel().close();
            assertThat(first.end().sessionResumable()).isTrue();

            Connection second = peer.connect(POLICY);
            second.write(Http.get("/"));
            second.awaitText(resumes ? "hello 1" : "hello 0");
        }
    }

    /** We close an idle connection on which it is the client. */
    void assertEndOfIdle(TlsSetup setup, ShutdownMode mode, ShutdownResult result, boolean received, End end)
            throws Exception {
        try (Proxy proxy = proxy(setup, mode)) {
            Connection ours = idle(proxy);
            ours.channel().close();

            assertOutcome(ours.end(), result, ShutdownInitiator.LOCAL, true, received);
            assertThat(ours.exceptions()).isEmpty();
            assertThat(proxy.peer().peersEnd()).isEqualTo(end);
        }
    }

    /** We close behind a response that has no other end. */
    void assertEndOfResponse(TlsSetup setup, ShutdownMode mode, ShutdownResult result, boolean received)
            throws Exception {
        try (Proxy proxy = proxy(setup, mode)) {
            Future<String> response = proxy.get("/");
            Connection ours = proxy.request();
            ours.write(Http.okUntilTheEnd("hello"));
            ours.channel().close();

            assertOutcome(ours.end(), result, ShutdownInitiator.LOCAL, true, received);
            assertThat(Proxy.body(response)).isEqualTo("hello");
            proxy.peer().assertNoReset();
        }
    }
}
