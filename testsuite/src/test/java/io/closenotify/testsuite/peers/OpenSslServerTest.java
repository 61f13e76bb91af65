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
import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.netty.handler.ssl.SslProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Our client against {@code openssl s_server} in its several moods. */
@ExtendWith(LeakAndLogCheck.class)
@NeedsProgram("openssl")
@Timeout(60)
class OpenSslServerTest {

    private static final Pattern LISTENS = Pattern.compile("^ACCEPT .*:(\\d+)$");

    static Stream<TlsSetup> setups() {
        return TlsSetup.all().stream();
    }

    static Stream<Arguments> setupsAndModes() {
        return TlsSetup.cross(TlsSetup.all().stream(), ShutdownMode.values());
    }

    static RealPeer server(TlsSetup setup, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("openssl", "s_server", "-accept", "127.0.0.1:0", "-msg",
                "-cert", TestCertificate.certificateFile(), "-key", TestCertificate.keyFile(),
                setup.opensslOption()));
        command.addAll(List.of(options));
        return RealPeer.server(setup, ListeningProgram.onItsPort(command, LISTENS));
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_server_answers_close_notify_and_closes(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup)) {
            Connection ours = peer.connect(POLICY);
            ShutdownOutcome outcome = Waits.done(ours.handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(outcome.sessionResumable()).isTrue();
            assertThat(ours.end()).isSameAs(outcome);
            assertThat(ours.exceptions()).isEmpty();
            peer.process().awaitLine(RealPeer::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_server_rev_answers_requests_then_close_notify_and_closes(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, "-rev")) {
            Connection ours = peer.connect(POLICY);
            ours.write("abc\n");
            ours.awaitBytes(4);
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(ours.text()).isEqualTo("cba\n");
            peer.process().awaitLine(RealPeer::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_server_rev_answers_what_was_written_right_before_the_shutdown(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, "-rev")) {
            Connection ours = peer.connect(AT_ONCE);
            ShutdownOutcome outcome = Waits.done(ours.writeAndShutdown("abc\n")).getNow();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(ours.text()).isEqualTo("cba\n");
            assertThat(outcome.bytesDelivered()).isEqualTo(4);
            ours.end();
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_server_rev_closes_first_with_close_notify_when_told_to(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, "-rev")) {
            Connection ours = peer.connect(POLICY);
            ours.write("CLOSE\n");

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(ours.exceptions()).isEmpty();
            peer.process().awaitLine(RealPeer::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_server_www_sends_its_page_closes_first_and_waits_for_our_answer(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, "-www")) {
            Connection ours = peer.connect(POLICY);
            ours.write("GET / HTTP/1.0\r\n\r\n");

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(ours.text()).startsWith("HTTP/1.0 200 ok").endsWith("</BODY></HTML>\r\n\r\n");
            assertThat(ours.exceptions()).isEmpty();
            peer.process().awaitLine(RealPeer::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_server_closes_without_close_notify_when_it_quits(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup)) {
            Connection ours = peer.connect(POLICY);
            peer.process().awaitLine(line -> line.startsWith("Secure Renegotiation"));
            peer.process().send("Q\n");

            ShutdownOutcome outcome = ours.end();
            assertOutcome(outcome, ShutdownResult.TRUNCATED, ShutdownInitiator.TRANSPORT, true, false);
            assertThat(ours.exceptions()).singleElement().isInstanceOf(TruncationException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_server_answers_a_fast_shutdown_too_and_meets_no_reset(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup)) {
            Connection ours = peer.connect(policy(ShutdownMode.FAST));
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            peer.process().awaitLine(RealPeer::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void openssl_s_server_calls_a_quiet_shutdown_an_unexpected_eof(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup)) {
            Connection ours = peer.connect(policy(ShutdownMode.QUIET));
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            peer.process().awaitLine(line -> line.contains("unexpected eof while reading"));
            assertThat(peer.process().output().lines()).noneMatch(RealPeer::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndModes")
    void openssl_s_server_resumes_the_session_after_each_mode(TlsSetup setup, ShutdownMode mode) throws Exception {
        // BoringSSL drops the session of a TLS 1.2 connection on which the server sent no close_notify.
        boolean resumes = setup.provider() == SslProvider.JDK || setup.tls13() || mode != ShutdownMode.QUIET;
        try (RealPeer peer = server(setup)) {
            for (int i = 0; i < 2; i++) {
                Connection ours = peer.connect(policy(mode));
                peer.process().awaitLine(line -> line.startsWith("Secure Renegotiation"));
                // The tickets of TLS 1.3 come before this.
                peer.process().send("hello\n");
                ours.awaitBytes(6);
                ours.channel().close();
                assertThat(ours.end().sessionResumable()).isTrue();
            }
            assertThat(peer.process().output().contains("Reused session-id")).isEqualTo(resumes);
        }
    }
}
