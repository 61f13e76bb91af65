package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownPolicy;
import java.io.OutputStream;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class QuicConnectTest {

    private static final QuicShutdownPolicy SERVER_POLICY = QuicShutdownPolicy.compliant().toBuilder()
            .close(QuicConnectionClose.application(QuicConnectionClose.MAX_ERROR_CODE, "served"))
            .build();

    @RegisterExtension
    final LocalServer server = new LocalServer();

    @TempDir
    Path directory;

    private String serve(String app) throws Exception {
        return serve(app, List.of(QuicContexts.DEFAULT_ALPN));
    }

    private String serve(String app, List<String> alpn) throws Exception {
        return serve(new AppConverter().convert(app), alpn);
    }

    private String serve(App app, List<String> alpn) throws Exception {
        server.start(new QuicTransport(new QuicContexts(alpn), SERVER_POLICY, Duration.ofSeconds(10)), app);
        return "127.0.0.1:" + server.port();
    }

    private Map<String, Object> served() throws Exception {
        ConnectionReport report = server.served();
        return report.line();
    }

    private static Cli.Result connect(String target, String... more) {
        List<String> arguments = new ArrayList<>(List.of("connect", target, "--protocol", "quic", "--insecure"));
        arguments.addAll(List.of(more));
        return Cli.run(arguments.toArray(String[]::new));
    }

    @Test
    void without_anything_to_do_it_shuts_down_at_once() throws Exception {
        Cli.Result result = connect(serve("echo"));

        assertThat(result.exit()).isZero();
        assertThat(result.line().keySet()).containsExactlyElementsOf(Cli.QUIC_FIELDS);
        assertThat(result.line()).containsEntry("protocol", "quic").containsEntry("mode", "compliant")
                .containsEntry("peer", "127.0.0.1:" + server.port())
                .containsEntry("result", "clean").containsEntry("initiator", "local")
                .containsEntry("closeNotifySent", true).containsEntry("closeNotifyReceived", false)
                .containsEntry("bytesRead", 0).containsEntry("bytesWritten", 0)
                .containsEntry("errorCode", 0).containsEntry("reason", "").containsEntry("remote", false)
                .containsEntry("delivery", "on_wire").containsEntry("bytesUnacknowledged", 0);
        assertThat(served()).containsEntry("initiator", "peer").containsEntry("closeNotifyReceived", true)
                .containsEntry("remote", true).containsEntry("delivery", "peer_confirmed");
    }

    @ParameterizedTest
    @CsvSource({"0,0", "1234567,1234567", "0x1F,31", "0xFFFFFFFFFF,1099511627775",
        "4611686018427387903,4611686018427387903"})
    void error_code_and_reason_reach_the_peer(String error, long code) throws Exception {
        String target = serve("sink");

        Cli.Result result = connect(target, "--send", "1000", "--error", error, "--reason", "grüße, 世界");

        assertThat(result.exit()).isZero();
        assertThat(((Number) result.line().get("errorCode")).longValue()).isEqualTo(code);
        assertThat(result.line()).containsEntry("reason", "grüße, 世界").containsEntry("remote", false)
                .containsEntry("application", true);
        assertThat(served()).containsEntry("errorCode", code).containsEntry("reason", "grüße, 世界")
                .containsEntry("remote", true).containsEntry("application", true)
                .containsEntry("bytesRead", 1000L).containsEntry("result", "clean");
    }

    @ParameterizedTest
    @CsvSource({"compliant,clean,--no-read", "rapid,unidirectional,--rapid"})
    void all_that_was_sent_arrives(String mode, String expected, String option) throws Exception {
        String target = serve("sink");
        Path file = Files.write(directory.resolve("sent"), new byte[3_234_567]);

        Cli.Result result = connect(target, option, "--send", "@" + file);

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("mode", mode).containsEntry("result", expected)
                .containsEntry("delivery", "on_wire").containsEntry("bytesWritten", 3_234_567)
                .containsEntry("bytesUnacknowledged", 0);
        assertThat(served()).containsEntry("bytesRead", 3_234_567L).containsEntry("result", "clean");
    }

    @Test
    void without_stream_flush_the_end_may_overtake_the_data() throws Exception {
        String target = serve("sink");

        Cli.Result result = connect(target, "--no-stream-flush", "--send", "2000000");

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("delivery", "on_wire");
        assertThat((long) served().get("bytesRead")).isLessThanOrEqualTo(2_000_000);
    }

    @Test
    void concluded_stream_is_answered_to_its_end_by_a_peer_that_is_waited_for() throws Exception {
        String target = serve("echo");
        Path file = directory.resolve("echo");

        Cli.Result result = connect(target, "--send", "700000", "--conclude", "--wait-peer", "--peer-timeout", "3000",
                "--receive", file.toString());

        // An echo never closes the connection.
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.line()).containsEntry("mode", "wait_peer").containsEntry("result", "peer_silent")
                .containsEntry("bytesWritten", 700_000).containsEntry("bytesRead", 700_000)
                .containsEntry("closeNotifyReceived", false);
        assertThat(file).hasSize(700_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--receive", "--wait-peer"})
    void peer_that_closes_is_waited_for(String option) throws Exception {
        String target = serve("source:3000000");
        Path file = directory.resolve("received");

        Cli.Result result = option.equals("--receive") ? connect(target, "--receive", file.toString())
                : connect(target, "--wait-peer", "--send", "5", "--receive", file.toString());

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("bytesRead", 3_000_000)
                .containsEntry("closeNotifySent", false).containsEntry("closeNotifyReceived", true)
                .containsEntry("errorCode", QuicConnectionClose.MAX_ERROR_CODE).containsEntry("reason", "served")
                .containsEntry("remote", true).containsEntry("application", true)
                .containsEntry("delivery", "peer_confirmed").doesNotContainKey("errorCodeExact");
        assertThat(file).hasSize(3_000_000);
        assertThat(served()).containsEntry("result", "clean").containsEntry("initiator", "local")
                .containsEntry("bytesWritten", 3_000_000L).containsEntry("delivery", "on_wire");
    }

    @Test
    void sessions_after_the_first_are_resumed() throws Exception {
        String target = serve("source:1000");

        Cli.Result result = connect(target, "--sessions", "3", "--receive", directory.resolve("all").toString());

        assertThat(result.exit()).isZero();
        assertThat(result.lines()).extracting(line -> line.get("resumed")).containsExactly(false, true, true);
        assertThat(directory.resolve("all")).hasSize(3000);
        assertThat(List.of(served(), served(), served())).extracting(line -> line.get("resumed"))
                .containsExactly(false, true, true);
    }

    @Test
    void what_was_left_unread_is_what_is_in_the_file() throws Exception {
        String target = serve("echo");
        Path file = directory.resolve("received");

        Cli.Result result = connect(target, "--no-read", "--send", "100000", "--receive", file.toString());

        assertThat(result.line()).containsEntry("result", "clean").containsEntry("bytesWritten", 100_000);
        assertThat((int) result.line().get("bytesRead")).isEqualTo((int) Files.size(file));
    }

    @Test
    void what_the_peer_cut_short_is_no_success() throws Exception {
        Cli.Result result = connect(serve("source:1000"), "--send", "500000000");

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.line()).containsEntry("closeNotifyReceived", true);
    }

    @Test
    void peer_that_does_not_read_holds_it_up_until_the_flush_timeout() throws Exception {
        String target = serve((pipeline, connection) -> pipeline.channel().config().setAutoRead(false),
                List.of(QuicContexts.DEFAULT_ALPN));
        int moreThanTheWindow = 1024 * 1024 + 50_000;

        Cli.Result result = connect(target, "--send", Integer.toString(moreThanTheWindow), "--flush-timeout", "500");

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.line()).containsEntry("result", "flush_failed").containsEntry("initiator", "local")
                .containsEntry("closeNotifySent", true).containsEntry("delivery", "on_wire");
        assertThat((int) result.line().get("bytesUnacknowledged")).isBetween(50_000, moreThanTheWindow);
        assertThat((int) result.line().get("elapsedMillis")).isBetween(500, 5_000);
    }

    @Test
    void silence_of_the_peer_ends_it_by_the_idle_timeout() throws Exception {
        String target = serve("sink");

        Cli.Result result = connect(target, "--idle-timeout", "700",
                "--receive", directory.resolve("nothing").toString());

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.line()).containsEntry("result", "peer_silent").containsEntry("initiator", "transport")
                .containsEntry("errorCode", null).containsEntry("reason", null).containsEntry("remote", false)
                .containsEntry("delivery", "not_sent");
        assertThat((String) result.line().get("cause")).containsIgnoringCase("idle timeout");
    }

    @Test
    void certificates_and_names_are_checked() throws Exception {
        String trusted = LocalServer.certificate();
        String target = serve("echo");
        String named = "localhost:" + server.port();

        Cli.Result unknown = Cli.run("connect", named, "--protocol", "quic");
        Cli.Result known = Cli.run("connect", named, "--protocol", "quic", "--cert", trusted);
        Cli.Result otherName = Cli.run("connect", target, "--protocol", "quic", "--cert", trusted);

        assertThat(known.exit()).isZero();
        assertThat(List.of(unknown, otherName)).allSatisfy(refused -> {
            assertThat(refused.exit()).isEqualTo(1);
            assertThat(refused.line()).containsEntry("result", "aborted").containsEntry("sessionResumable", false);
            assertThat((String) refused.line().get("cause")).isNotBlank();
        });
    }

    @Test
    void application_protocols_must_agree() throws Exception {
        String target = serve("echo", List.of("h3", "hq-interop"));

        Cli.Result none = connect(target);
        Cli.Result second = connect(target, "--alpn", "other,hq-interop");

        assertThat(none.exit()).isEqualTo(1);
        assertThat(none.line()).containsEntry("result", "aborted");
        assertThat(second.exit()).isZero();
    }

    @Test
    void nobody_there_is_aborted_within_the_idle_timeout() throws Exception {
        try (DatagramSocket mute = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            Cli.Result result = connect("127.0.0.1:" + mute.getLocalPort(), "--idle-timeout", "700");

            assertThat(result.exit()).isEqualTo(1);
            assertThat(result.line()).containsEntry("result", "aborted").containsEntry("bytesRead", 0);
            assertThat((String) result.line().get("cause")).isNotBlank();
        }
    }

    @Test
    void unknown_host_is_one_line_and_exit_1() {
        Cli.Result result = connect("no-such-host.invalid:1");

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).singleElement().asString()
                .startsWith("cannot connect to no-such-host.invalid:1: unknown host");
    }

    @Test
    void stdin_is_streamed_and_http_keeps_the_connection() throws Exception {
        String target = serve("http");
        Path file = directory.resolve("answers");
        try (Child connect = Child.start("connect", target, "--protocol", "quic", "--insecure", "--send", "-",
                "--receive", file.toString())) {
            OutputStream stdin = connect.stdin();
            stdin.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            stdin.flush();
            stdin.write("GET / HTTP/1.1\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            stdin.flush();

            // stdin stays open: the end comes from the server, with all that it had answered.
            assertThat(connect.next()).containsEntry("result", "clean").containsEntry("initiator", "peer");
            assertThat(connect.exit()).isZero();
            assertThat(Files.readString(file).lines().filter("HTTP/1.1 200 OK"::equals)).hasSize(2);
        }
    }

    @Test
    void end_of_stdin_concludes_the_stream_with_the_last_data() throws Exception {
        String target = serve("sink");
        try (Child connect = Child.start("connect", target, "--protocol", "quic", "--insecure", "--send", "-",
                "--conclude", "--rapid")) {
            connect.stdin().write("last words".getBytes(StandardCharsets.US_ASCII));
            connect.stdin().close();

            assertThat(connect.next()).containsEntry("result", "unidirectional").containsEntry("bytesWritten", 10)
                    .containsEntry("bytesUnacknowledged", 0);
            assertThat(connect.exit()).isZero();
            assertThat(served()).containsEntry("bytesRead", 10L);
        }
    }
}
