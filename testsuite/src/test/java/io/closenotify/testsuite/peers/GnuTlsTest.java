package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.Ending.assertOutcome;
import static io.closenotify.testsuite.peers.RealPeer.POLICY;
import static io.closenotify.testsuite.peers.RealPeer.policy;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.peers.Connection.Application;
import io.netty.handler.ssl.SslProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Our handler against the programs of GnuTLS. */
@ExtendWith(LeakAndLogCheck.class)
@NeedsProgram({"gnutls-serv", "gnutls-cli"})
@Timeout(60)
class GnuTlsTest {

    private static final Pattern LISTENS = Pattern.compile("IPv4 .* port \\d+\\.\\.\\.done$");

    static Stream<TlsSetup> setups() {
        return TlsSetup.all().stream();
    }

    private static RealPeer server(TlsSetup setup, String kind) throws Exception {
        return RealPeer.server(setup, ListeningProgram.onFreePort(port -> List.of("gnutls-serv", kind,
                "--port", Integer.toString(port),
                "--x509keyfile", TestCertificate.keyFile(), "--x509certfile", TestCertificate.certificateFile(),
                "--disable-client-cert", "--priority", setup.gnutlsPriority(), "-d", "5"), LISTENS));
    }

    private static RealPeer client(TlsSetup setup, ShutdownMode mode, String... options) throws Exception {
        return RealPeer.client(setup, policy(mode), Application.QUIET, port -> {
            List<String> command = new ArrayList<>(List.of("gnutls-cli", "--insecure",
                    "--port", Integer.toString(port), "--priority", setup.gnutlsPriority(), "-d", "5"));
            command.addAll(List.of(options));
            command.add("127.0.0.1");
            return command;
        });
    }

    @ParameterizedTest
    @MethodSource("setups")
    void gnutls_serv_answers_close_notify_and_closes(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, "--echo")) {
            Connection ours = peer.connect(POLICY);
            ours.write("abc\n");
            ours.awaitBytes(4);
            ShutdownOutcome outcome = Waits.done(ours.handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(ours.end()).isSameAs(outcome);
            assertThat(ours.text()).isEqualTo("abc\n");
            peer.process().awaitLine(RealPeer::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void gnutls_serv_http_sends_its_page_and_closes_first(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, "--http")) {
            Connection ours = peer.connect(POLICY);
            ours.write("GET / HTTP/1.0\r\n\r\n");

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(ours.text()).startsWith("HTTP/1.0 200 OK").contains("</HTML>");
            assertThat(ours.exceptions()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void gnutls_serv_answers_a_fast_shutdown_too_and_meets_no_reset(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, "--echo")) {
            Connection ours = peer.connect(policy(ShutdownMode.FAST));
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            peer.process().awaitLine(RealPeer::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void gnutls_serv_notices_that_a_quiet_shutdown_has_no_close_notify(TlsSetup setup) throws Exception {
        try (RealPeer peer = server(setup, "--echo")) {
            Connection ours = peer.connect(policy(ShutdownMode.QUIET));
            ours.channel().close();

            assertOutcome(ours.end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            peer.assertNoReset();
            assertThat(peer.process().output().lines()).noneMatch(RealPeer::receivedCloseNotify);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void gnutls_cli_leaves_without_an_answer_when_we_close_first(TlsSetup setup) throws Exception {
        try (RealPeer peer = client(setup, ShutdownMode.BIDIRECTIONAL)) {
            peer.ours().write("hello\n");
            ShutdownOutcome outcome = Waits.done(peer.ours().handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.UNANSWERED, ShutdownInitiator.LOCAL, true, false);
            assertThat(peer.ours().end()).isSameAs(outcome);
            peer.process().awaitExit();
            assertThat(peer.process().output()).contains("hello").contains("Peer has closed the GnuTLS connection");
            assertThat(peer.process().output().lines()).anyMatch(RealPeer::receivedCloseNotify);
            peer.assertNoReset();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void gnutls_cli_closes_first_at_the_end_of_its_input(TlsSetup setup) throws Exception {
        try (RealPeer peer = client(setup, ShutdownMode.BIDIRECTIONAL)) {
            peer.process().send("hello\n");
            peer.ours().awaitBytes(6);
            peer.process().endInput();

            assertOutcome(peer.ours().end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(peer.ours().exceptions()).isEmpty();
            peer.process().awaitLine(RealPeer::receivedCloseNotify);
            assertThat(peer.process().awaitExit()).isZero();
            peer.assertNoReset();
        }
    }

    /** With TLS 1.3 it waits for tickets no longer than 50 ms, too short a time to build a test on. */
    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"JDK", "OPENSSL"})
    void gnutls_cli_resumes_the_tls_1_2_session_it_closed(SslProvider provider) throws Exception {
        try (RealPeer peer = client(new TlsSetup(provider, "TLSv1.2"), ShutdownMode.BIDIRECTIONAL, "--resume")) {
            assertOutcome(peer.ours().end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            Connection second = peer.accept();
            peer.process().awaitLine(line -> line.contains("This is a resumed session"));
            peer.process().endInput();
            assertOutcome(second.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
        }
    }
}
