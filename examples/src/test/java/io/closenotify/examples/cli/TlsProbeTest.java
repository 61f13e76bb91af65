package io.closenotify.examples.cli;

import static io.closenotify.examples.cli.ScriptedTlsServer.hear;
import static io.closenotify.examples.cli.ScriptedTlsServer.say;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownPolicy;
import io.closenotify.examples.probe.Exchange;
import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.Verdict;
import io.closenotify.examples.probe.Verdict.Grade;
import io.closenotify.examples.probe.tls.StartTls;
import io.closenotify.examples.probe.tls.TlsProber;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the audit finds about peers whose behaviour is known. */
@Timeout(60)
final class TlsProbeTest {

    private static final Duration PATIENCE = Duration.ofMillis(1_000);
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

    private static ProbeReport audit(int port, Provider provider, StartTls startTls) throws Exception {
        TlsContexts contexts = new TlsContexts(provider, List.of(TlsVersion.values()), List.of());
        return new TlsProber(() -> contexts.client(Trust.ANYONE), (chain, host) -> null, null, startTls, PATIENCE)
                .audit("127.0.0.1", port);
    }

    private static ProbeReport audit(int port) throws Exception {
        return audit(port, Provider.JDK, StartTls.NONE);
    }

    private static Map<String, Grade> grades(ProbeReport report) {
        assertThat(report.failure()).isNull();
        return report.verdicts().stream().collect(Collectors.toMap(Verdict::id, Verdict::grade));
    }

    static Stream<Arguments> ours() {
        List<Arguments> all = new ArrayList<>();
        for (Provider server : Provider.values()) {
            for (TlsVersion version : TlsVersion.values()) {
                // Each client meets each server, and each version.
                Provider client = (version == TlsVersion.V1_2) == (server == Provider.JDK)
                        ? Provider.OPENSSL : Provider.JDK;
                all.add(Arguments.of(server, version, client));
            }
        }
        return all.stream();
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @MethodSource("ours")
    void every_verdict_about_our_own_server_is_good(Provider server, TlsVersion version, Provider client)
            throws Exception {
        TlsTransport transport = new TlsTransport(
                new TlsContexts(server, List.of(version), List.of()), ShutdownPolicy.bidirectional());
        Server running = transport.listener(null).listen(new AppConverter().convert("http"), report -> { },
                new Log(new PrintWriter(PrintWriter.nullWriter())), "127.0.0.1", 0);
        try {
            ProbeReport report = audit(running.port(), client, StartTls.NONE);

            assertThat(report.verdicts()).hasSize(15).allSatisfy(
                    verdict -> assertThat(verdict.grade()).as(verdict.toString()).isEqualTo(Grade.GOOD));
            assertThat(report.safe()).isTrue();
            assertThat(report.exchanges()).hasSize(14).allSatisfy(exchange ->
                    assertThat(exchange.events().stream().map(Exchange.Event::micros).toList()).isSorted());
        } finally {
            running.stop();
        }
    }

    private static String request(Socket socket) throws IOException {
        return hear(socket, "\r\n\r\n");
    }

    private static void close(Socket tls, Socket tcp) throws IOException {
        tls.close();
        tcp.close();
    }

    private static void reset(Socket tcp) throws IOException {
        tcp.setSoLinger(true, 0);
        tcp.close();
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_peer_that_never_reacts_leaks() throws Exception {
        try (ScriptedTlsServer server = ScriptedTlsServer.tls("1.3", (tls, tcp) -> { })) {
            ProbeReport report = audit(server.port());

            assertThat(report.safe()).isFalse();
            assertThat(grades(report))
                    .containsEntry("answers_close_notify", Grade.BAD)
                    .containsEntry("ends_tcp", Grade.BAD)
                    .containsEntry("sends_close_notify", Grade.UNKNOWN)
                    .containsEntry("ends_after_request", Grade.BAD)
                    .containsEntry("our_tail", Grade.BAD)
                    .containsEntry("truncation", Grade.BAD);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_peer_that_resets_instead_of_closing_loses_what_is_on_its_way() throws Exception {
        try (ScriptedTlsServer server = ScriptedTlsServer.tls("1.3", (tls, tcp) -> {
            request(tls);
            reset(tcp);
        })) {
            assertThat(grades(audit(server.port())))
                    .containsEntry("answers_close_notify", Grade.BAD)
                    .containsEntry("ends_tcp", Grade.WEAK)
                    .containsEntry("sends_close_notify", Grade.BAD)
                    .containsEntry("our_tail", Grade.BAD)
                    .containsEntry("truncation", Grade.WEAK);
        }
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @CsvSource({"1.2, WEAK", "1.3, BAD"})
    void a_peer_that_forgets_the_answer_over_close_notify_loses_it(String version, Grade lost) throws Exception {
        try (ScriptedTlsServer server = ScriptedTlsServer.tls(version, (tls, tcp) -> {
            if (request(tls).contains("Connection: close")) {
                say(tls, OK);
            }
            close(tls, tcp);
        })) {
            assertThat(grades(audit(server.port())))
                    .containsEntry("answers_close_notify", Grade.GOOD)
                    .containsEntry("sends_close_notify", Grade.GOOD)
                    .containsEntry("request_with_close_notify", lost)
                    .containsEntry("request_with_fin", lost);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_peer_that_ends_tcp_alone_truncates_its_answers() throws Exception {
        try (ScriptedTlsServer server = ScriptedTlsServer.tls("1.3", (tls, tcp) -> {
            if (!request(tls).isEmpty()) {
                say(tls, OK.substring(0, 30));
            }
            tcp.close();
        })) {
            assertThat(grades(audit(server.port())))
                    .containsEntry("sends_close_notify", Grade.BAD)
                    .containsEntry("late_answer", Grade.UNKNOWN)
                    .containsEntry("its_tail", Grade.BAD)
                    .containsEntry("truncation", Grade.WEAK);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_peer_that_closes_its_socket_over_a_large_answer_loses_its_tail_to_a_slow_reader() throws Exception {
        int length = 100_000;
        String large = "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n" + "x".repeat(length);
        try (ScriptedTlsServer server = ScriptedTlsServer.tls("1.2", (tls, tcp) -> {
            if (!request(tls).isEmpty()) {
                say(tls, large);
            }
            tls.shutdownOutput();
            tcp.close();
        })) {
            Map<String, Grade> grades = grades(audit(server.port()));

            assertThat(grades).containsEntry("sends_close_notify", Grade.GOOD).containsEntry("its_tail", Grade.BAD);
            assertThat(grades.get("late_answer")).isEqualTo(Grade.WEAK);
        }
    }

    /** Answers each request so, and closes. */
    private static ScriptedTlsServer answering(String answer, boolean closeNotify) throws Exception {
        return ScriptedTlsServer.tls("1.3", (tls, tcp) -> {
            if (!request(tls).isEmpty()) {
                say(tls, answer);
            }
            if (closeNotify) {
                tls.close();
            }
            tcp.close();
        });
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void an_answer_shorter_than_its_length_is_cut_whatever_close_notify_says() throws Exception {
        try (ScriptedTlsServer server = answering(OK.substring(0, OK.length() - 2), true)) {
            assertThat(grades(audit(server.port())))
                    .containsEntry("sends_close_notify", Grade.GOOD)
                    .containsEntry("request_with_close_notify", Grade.BAD)
                    .containsEntry("its_tail", Grade.BAD);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void an_answer_without_a_length_is_whole_by_close_notify() throws Exception {
        try (ScriptedTlsServer server = answering("HTTP/1.1 200 OK\r\n\r\nhello", true)) {
            assertThat(grades(audit(server.port()))).containsEntry("request_with_close_notify", Grade.GOOD);
        }
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @ValueSource(ints = {5, 20_000, 300_000})
    void an_answer_is_whole_by_its_length_however_long_its_header_and_body(int length) throws Exception {
        String cookie = "Set-Cookie: " + "x".repeat(Math.min(length, 20_000)) + "\r\n";
        AtomicInteger answers = new AtomicInteger();
        try (ScriptedTlsServer server = ScriptedTlsServer.tls("1.3", (tls, tcp) -> {
            if (!request(tls).isEmpty()) {
                // No two answers are of the same length.
                int size = length + 100 - answers.incrementAndGet();
                say(tls, "HTTP/1.1 200 OK\r\n" + cookie + "Content-Length: " + size + "\r\n\r\n"
                        + "y".repeat(size));
            }
            // What is left unread would turn the end of it into a reset.
            tcp.shutdownOutput();
            tcp.getInputStream().readAllBytes();
            tcp.close();
        })) {
            assertThat(grades(audit(server.port()))).containsEntry("request_with_close_notify", Grade.GOOD);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_peer_that_goes_on_sending_for_longer_than_the_patience_is_not_silent() throws Exception {
        ScheduledExecutorService pace = Executors.newSingleThreadScheduledExecutor();
        try (ScriptedTlsServer server = ScriptedTlsServer.tls("1.3", (tls, tcp) -> {
            for (int i = 0; i < 8; i++) {
                say(tls, "x".repeat(100));
                pause(pace, PATIENCE.toMillis() / 4);
            }
            close(tls, tcp);
        })) {
            assertThat(grades(audit(server.port())))
                    .containsEntry("answers_close_notify", Grade.GOOD)
                    .containsEntry("sends_close_notify", Grade.GOOD)
                    .containsEntry("truncation", Grade.GOOD);
        } finally {
            pace.shutdownNow();
        }
    }

    private static void pause(ScheduledExecutorService pace, long millis) throws IOException {
        try {
            pace.schedule(() -> { }, millis, TimeUnit.MILLISECONDS).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IOException(e);
        }
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @EnumSource(Provider.class)
    void a_peer_that_wants_a_client_certificate_cannot_be_audited(Provider client) throws Exception {
        try (ScriptedTlsServer server = ScriptedTlsServer.tls("1.3", tls -> tls.setNeedClientAuth(true),
                (tls, tcp) -> { })) {
            ProbeReport report = audit(server.port(), client, StartTls.NONE);

            assertThat(report.failure()).contains("refused the handshake", "it wants a client certificate");
            assertThat(report.verdicts()).isEmpty();
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void what_a_peer_that_speaks_http2_says_to_a_request_of_http1_tells_nothing() throws Exception {
        TlsContexts contexts = new TlsContexts(Provider.JDK, List.of(TlsVersion.V1_3), List.of("h2"));
        try (ScriptedTlsServer server = ScriptedTlsServer.tls("1.3", tls -> {
            SSLParameters parameters = tls.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"h2"});
            tls.setSSLParameters(parameters);
        }, (tls, tcp) -> {
            say(tls, "\0\0\0\u0004\0\0\0\0\0");
            tls.getInputStream().read();
            close(tls, tcp);
        })) {
            ProbeReport report = new TlsProber(() -> contexts.client(Trust.ANYONE), (chain, host) -> null, null,
                    StartTls.NONE, PATIENCE).audit("127.0.0.1", server.port());

            assertThat(report.negotiated()).endsWith("ALPN h2");
            assertThat(grades(report))
                    .containsEntry("sends_close_notify", Grade.GOOD)
                    .containsEntry("request_with_close_notify", Grade.UNKNOWN)
                    .containsEntry("request_with_fin", Grade.UNKNOWN)
                    .containsEntry("its_tail", Grade.UNKNOWN);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_peer_that_floods_the_handshake_is_given_up() throws Exception {
        byte[] much = new byte[6 * 4_096];
        for (int i = 0; i < much.length; i += 6) {
            System.arraycopy(new byte[] {20, 3, 3, 0, 1, 1}, 0, much, i, 6);
        }
        try (ScriptedTlsServer server = ScriptedTlsServer.plaintext(socket -> {
            while (true) {
                socket.getOutputStream().write(much);
            }
        })) {
            assertThat(audit(server.port()).failure()).isNotBlank();
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_peer_that_floods_is_given_up() throws Exception {
        byte[] much = new byte[16_384];
        try (ScriptedTlsServer server = ScriptedTlsServer.tls("1.3", (tls, tcp) -> {
            while (true) {
                tls.getOutputStream().write(much);
            }
        })) {
            ProbeReport report = audit(server.port());

            assertThat(grades(report))
                    .containsEntry("answers_close_notify", Grade.BAD)
                    .containsEntry("ends_tcp", Grade.BAD);
            assertThat(report.safe()).isFalse();
            assertThat(report.exchanges()).allSatisfy(exchange -> assertThat(exchange.events()).hasSizeLessThan(320));
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_peer_in_plaintext_cannot_be_audited() throws Exception {
        try (ScriptedTlsServer server = ScriptedTlsServer.plaintext(socket -> {
            say(socket, "HTTP/1.1 400 Bad Request\r\n\r\n");
            socket.getInputStream().read();
        })) {
            ProbeReport report = audit(server.port());

            assertThat(report.safe()).isFalse();
            assertThat(report.failure()).isEqualTo("no handshake: the peer does not speak TLS");
            assertThat(report.exchanges()).hasSize(1);
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_peer_that_ends_the_handshake_cannot_be_audited() throws Exception {
        try (ScriptedTlsServer server = ScriptedTlsServer.plaintext(Socket::close)) {
            assertThat(audit(server.port()).failure()).isNotBlank();
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_peer_that_nobody_listens_for_cannot_be_audited() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        assertThat(audit(port).failure()).contains("cannot connect", "refused");
    }

    /** The dialogue before TLS, and what is in the request that ends the session. */
    enum Dialogue {

        SMTP(StartTls.SMTP, "QUIT", socket -> {
            say(socket, "220-mail.invalid\r\n220 ready\r\n");
            assertThat(hear(socket, "\r\n")).startsWith("EHLO ");
            say(socket, "250-mail.invalid\r\n250-SIZE 1000\r\n250 STARTTLS\r\n");
            assertThat(hear(socket, "\r\n")).isEqualTo("STARTTLS\r\n");
            say(socket, "220 go ahead\r\n");
        }),
        IMAP(StartTls.IMAP, "LOGOUT", socket -> {
            say(socket, "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n");
            assertThat(hear(socket, "\r\n")).isEqualTo("a1 STARTTLS\r\n");
            say(socket, "* OK still here\r\na1 OK begin\r\n");
        }),
        LDAP(StartTls.LDAP, "\u0042\u0000", socket -> {
            byte[] request = socket.getInputStream().readNBytes(31);
            assertThat(new String(request, ISO_8859_1)).endsWith("1.3.6.1.4.1.1466.20037");
            socket.getOutputStream().write(HexFormat.of().parseHex("300c02010178070a010004000400"));
        }),
        POSTGRES(StartTls.POSTGRES, "\u0004\u00d2\u0016\u002e", socket -> {
            assertThat(socket.getInputStream().readNBytes(8)).isEqualTo(HexFormat.of().parseHex("0000000804d2162f"));
            say(socket, "S");
        });

        private final StartTls startTls;
        private final String closing;
        private final ScriptedTlsServer.Plaintext before;

        Dialogue(StartTls startTls, String closing, ScriptedTlsServer.Plaintext before) {
            this.startTls = startTls;
            this.closing = closing;
            this.before = before;
        }
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @EnumSource
    void tls_begins_behind_the_plaintext_of_the_protocol(Dialogue dialogue) throws Exception {
        try (ScriptedTlsServer server = ScriptedTlsServer.startTls(dialogue.before, "1.3", (tls, tcp) -> {
            byte[] data = new byte[1000];
            int count = tls.getInputStream().read(data);
            while (count > 0) {
                boolean closes = new String(data, 0, count, ISO_8859_1).contains(dialogue.closing);
                say(tls, "whatever\r\n");
                count = closes ? -1 : tls.getInputStream().read(data);
            }
            close(tls, tcp);
        })) {
            ProbeReport report = audit(server.port(), Provider.JDK, dialogue.startTls);

            assertThat(grades(report))
                    .containsEntry("answers_close_notify", Grade.GOOD)
                    .containsEntry("sends_close_notify", Grade.GOOD)
                    .containsEntry("request_with_close_notify", Grade.GOOD);
            assertThat(report.exchanges().get(0).events()).extracting(Exchange.Event::what)
                    .contains("StartTLS agreed in plaintext");
        }
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @ValueSource(strings = {"554 no\r\n", "220 hi\r\n502 no EHLO\r\n", "220 hi\r\n250 hello\r\n454 no TLS\r\n",
            "220 hi\r\n250 hello\r\n220 go ahead\r\nMAIL FROM", "x", ""})
    void a_peer_that_does_not_start_tls_cannot_be_audited(String says) throws Exception {
        try (ScriptedTlsServer server = ScriptedTlsServer.plaintext(socket -> {
            say(socket, says);
            socket.shutdownOutput();
            socket.getInputStream().readAllBytes();
        })) {
            assertThat(audit(server.port(), Provider.JDK, StartTls.SMTP).failure()).startsWith("StartTLS: ");
        }
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @CsvSource({"'', greeting", "220 hi, reply"})
    void a_peer_that_falls_silent_before_tls_is_told_by_what_it_owes(String says, String owed) throws Exception {
        try (ScriptedTlsServer server = ScriptedTlsServer.plaintext(socket -> {
            say(socket, says + (says.isEmpty() ? "" : "\r\n"));
            socket.getInputStream().readAllBytes();
        })) {
            assertThat(audit(server.port(), Provider.JDK, StartTls.SMTP).failure())
                    .startsWith("StartTLS: no " + owed + " within ");
        }
    }
}
