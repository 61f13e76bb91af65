package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.Ending.assertOutcome;
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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Our server against {@code openssl s_client}. */
@ExtendWith(LeakAndLogCheck.class)
@NeedsProgram("openssl")
@Timeout(60)
class OpenSslClientTest {

    static Stream<TlsSetup> setups() {
        return TlsSetup.all().stream();
    }

    static Stream<Arguments> setupsAndModes() {
        return TlsSetup.cross(TlsSetup.all().stream(), ShutdownMode.values());
    }

    private static List<String> command(TlsSetup setup, int port, String... options) {
        List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-connect", "127.0.0.1:" + port, "-msg",
                setup.opensslOption()));
        command.addAll(List.of(options));
        return command;
    }

    private static RealPeer client(TlsSetup setup, ShutdownMode mode, Application application) throws Exception {
        return RealPeer.client(setup, policy(mode), application, port -> command(setup, port));
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_client_answers_close_notify_and_closes(TlsSetup setup) throws Exception {
        try (RealPeer peer = client(setup, ShutdownMode.BIDIRECTIONAL, Application.QUIET)) {
            peer.ours().write("hello\n");
            ShutdownOutcome outcome = Waits.done(peer.ours().handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(peer.ours().end()).isSameAs(outcome);
            assertThat(peer.process().awaitExit()).isZero();
            assertThat(peer.process().output()).contains("hello").contains("closed");
            assertThat(peer.process().output().lines()).anyMatch(RealPeer::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_client_closes_first_and_gets_our_close_notify(TlsSetup setup) throws Exception {
        try (RealPeer peer = client(setup, ShutdownMode.BIDIRECTIONAL, Application.QUIET)) {
            peer.process().send("hello\n");
            peer.ours().awaitBytes(6);
            peer.process().send("Q\n");

            assertOutcome(peer.ours().end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(peer.ours().text()).isEqualTo("hello\n");
            assertThat(peer.ours().exceptions()).isEmpty();
            assertThat(peer.process().awaitExit()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_client_that_is_killed_truncates(TlsSetup setup) throws Exception {
        try (RealPeer peer = client(setup, ShutdownMode.BIDIRECTIONAL, Application.QUIET)) {
            peer.ours().write("hello\n");
            peer.process().awaitLine("hello"::equals);
            peer.process().close();

            assertOutcome(peer.ours().end(), ShutdownResult.TRUNCATED, ShutdownInitiator.TRANSPORT, true, false);
            assertThat(peer.ours().exceptions()).singleElement().isInstanceOf(TruncationException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_client_answers_a_fast_shutdown_too_and_meets_no_reset(TlsSetup setup) throws Exception {
        try (RealPeer peer = client(setup, ShutdownMode.FAST, Application.QUIET)) {
            peer.ours().channel().close();

            assertOutcome(peer.ours().end(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(peer.process().awaitExit()).isZero();
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_client_calls_a_quiet_shutdown_an_unexpected_eof(TlsSetup setup) throws Exception {
        try (RealPeer peer = client(setup, ShutdownMode.QUIET, Application.QUIET)) {
            peer.ours().channel().close();

            assertOutcome(peer.ours().end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            peer.process().awaitLine(line -> line.contains("unexpected eof while reading"));
            assertThat(peer.process().output().lines()).noneMatch(RealPeer::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndModes")
    void openssl_s_client_resumes_the_session_after_each_mode(TlsSetup setup, ShutdownMode mode, @TempDir Path folder)
            throws Exception {
        String session = folder.resolve("session.pem").toString();
        try (Connection.Server server = new Connection.Server(setup.server(), policy(mode), Application.QUIET)) {
            int port = server.port();
            try (PeerProcess first = PeerProcess.start(command(setup, port, "-sess_out", session))) {
                Connection ours = server.next();
                ours.write("hello\n");
                first.awaitLine("hello"::equals);
                ours.channel().close();
                assertThat(ours.end().sessionResumable()).isTrue();
                first.awaitExit();
            }
            try (PeerProcess second = PeerProcess.start(command(setup, port, "-sess_in", session))) {
                Connection ours = server.next();
                ours.channel().close();
                ours.end();
                second.awaitExit();
                assertThat(second.output()).contains("Reused, " + setup.protocol());
            }
        }
    }
}
