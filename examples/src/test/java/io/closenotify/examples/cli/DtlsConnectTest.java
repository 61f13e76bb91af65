package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import java.io.OutputStream;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DtlsConnectTest {

    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(10);

    @RegisterExtension
    final LocalServer server = new LocalServer();

    @TempDir
    Path directory;

    private String serve(DtlsTransport transport, String app) throws Exception {
        server.start(transport, app);
        return "localhost:" + server.port();
    }

    private String serve(ShutdownPolicy policy, String app) throws Exception {
        return serve(new DtlsTransport(policy, IDLE_TIMEOUT), app);
    }

    private String serve(String app) throws Exception {
        return serve(ShutdownPolicy.bidirectional(), app);
    }

    private static String[] arguments(String target, String... more) {
        return Stream.concat(Stream.of("connect", target, "--protocol", "dtls", "--linger", "100"), Stream.of(more))
                .toArray(String[]::new);
    }

    private static Cli.Result connect(String target, String... more) {
        return Cli.run(arguments(target, Stream.concat(Stream.of("--insecure"), Stream.of(more))
                .toArray(String[]::new)));
    }

    @Test
    void sessions_after_the_first_are_resumed() throws Exception {
        String target = serve("source:1000");

        Cli.Result result = connect(target, "--sessions", "3", "--receive", directory.resolve("all").toString());

        assertThat(result.exit()).isZero();
        assertThat(result.lines()).extracting(line -> line.get("resumed")).containsExactly(false, true, true);
        assertThat(result.lines()).allSatisfy(line -> {
            assertThat(line.keySet()).containsExactlyElementsOf(Cli.DTLS_FIELDS);
            assertThat(line).containsEntry("result", "clean").containsEntry("initiator", "peer")
                    .containsEntry("bytesRead", 1000).containsEntry("peer", "127.0.0.1:" + server.port())
                    .containsEntry("missingAtMost", 0);
        });
        assertThat(directory.resolve("all")).hasSize(3000);
        assertThat(List.of(server.served().resumed(), server.served().resumed(), server.served().resumed()))
                .containsExactly(false, true, true);
    }

    @ParameterizedTest
    @EnumSource
    void a_session_is_resumed_after_every_mode(ShutdownMode mode) throws Exception {
        Cli.Result result = connect(serve("echo"), "--sessions", "2", "--mode", Labels.of(mode), "--send", "10");

        assertThat(result.exit()).isZero();
        assertThat(result.lines()).extracting(line -> line.get("resumed")).containsExactly(false, true);
    }

    @Test
    void what_streams_are_told_does_no_harm() throws Exception {
        Cli.Result result = connect(serve("echo"), "--on-peer-close", "respond", "--on-truncation", "fail", "--no-read",
                "--send", "1000");

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("bytesRead", 1000);
    }

    @Test
    void what_was_sent_comes_back() throws Exception {
        Path file = directory.resolve("echo");
        Cli.Result result = connect(serve("echo"), "--send", "20000", "--receive", file.toString());

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("initiator", "local")
                .containsEntry("bytesWritten", 20_000);
        assertThat(server.served().bytesRead()).isEqualTo(20_000);
        assertThat((int) result.line().get("bytesRead")).isEqualTo((int) Files.size(file)).isPositive();
    }

    @Test
    void more_than_a_receive_buffer_holds_arrives() throws Exception {
        Path file = Files.write(directory.resolve("sent"), new byte[1_234_567]);

        Cli.Result result = connect(serve("sink"), "--send", "@" + file);

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("bytesWritten", 1_234_567);
        assertThat(server.served()).satisfies(report -> {
            assertThat(report.bytesRead()).isEqualTo(1_234_567);
            assertThat(report.ending().more()).containsEntry("missingAtMost", 0L);
        });
    }

    @Test
    void receive_alone_waits_for_the_peer() throws Exception {
        Path file = directory.resolve("received");

        Cli.Result result = connect(serve("source:1000000"), "--receive", file.toString());

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("initiator", "peer")
                .containsEntry("bytesRead", 1_000_000);
        assertThat(file).hasSize(1_000_000);
        assertThat(server.served().bytesWritten()).isEqualTo(1_000_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 1400, 16_384})
    void data_arrives_by_datagrams_of_any_size(int mtu) throws Exception {
        Cli.Result result = connect(serve("sink"), "--mtu", Integer.toString(mtu), "--send", "50000");

        assertThat(result.exit()).isZero();
        assertThat(server.served().bytesRead()).isEqualTo(50_000);
    }

    @Test
    void a_larger_message_than_ours_is_echoed_in_parts() throws Exception {
        String target = serve(new DtlsTransport(List.of(), ShutdownPolicy.bidirectional(), 300,
                DtlsTransport.DEFAULT_HANDSHAKE_TIMEOUT, IDLE_TIMEOUT), "echo");
        Path file = directory.resolve("echo");

        Cli.Result result = connect(target, "--mtu", "4000", "--send", "3000", "--receive", file.toString());

        assertThat(result.exit()).isZero();
        assertThat(server.served()).satisfies(report -> {
            assertThat(report.bytesRead()).isEqualTo(3000);
            assertThat(report.bytesWritten()).isEqualTo(3000);
        });
    }

    @ParameterizedTest
    @CsvSource({"fast,unidirectional,clean", "quiet,quiet,peer_silent"})
    void one_sided_modes_are_good(String mode, String result, String serverResult) throws Exception {
        String target = serve(new DtlsTransport(
                ShutdownPolicy.bidirectional().toBuilder().peerTimeout(Duration.ofMillis(300)).build(),
                Duration.ofMillis(500)), "sink");

        Cli.Result client = connect(target, "--mode", mode, "--send", "20000");

        assertThat(client.exit()).isZero();
        assertThat(client.line()).containsEntry("mode", mode).containsEntry("result", result);
        assertThat(server.served()).satisfies(report -> {
            assertThat(report.bytesRead()).isEqualTo(20_000);
            assertThat(Labels.of(report.ending().result())).isEqualTo(serverResult);
            assertThat(report.ending().received()).isEqualTo(!mode.equals("quiet"));
        });
    }

    @Test
    void without_anything_to_do_it_shuts_down_at_once() throws Exception {
        Cli.Result result = connect(serve("echo"));

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("initiator", "local")
                .containsEntry("bytesWritten", 0).containsEntry("repeats", 0);
    }

    @Test
    void a_server_that_leaves_without_a_word_is_given_up() throws Exception {
        String target = serve(ShutdownPolicy.quiet(), "source:100");

        Cli.Result result = connect(target, "--idle-timeout", "500", "--peer-timeout", "300",
                "--receive", directory.resolve("cut").toString());

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.line()).containsEntry("result", "peer_silent").containsEntry("bytesRead", 100)
                .containsEntry("closeNotifyReceived", false).containsEntry("missingAtMost", null);
        assertThat(result.err()).anySatisfy(line -> assertThat(line).contains("idle for 500 ms"));
    }

    @Test
    void certificates_and_names_are_checked() throws Exception {
        String target = serve("echo");
        String trusted = LocalServer.certificate();

        Cli.Result unknown = Cli.run(arguments(target));
        Cli.Result known = Cli.run(arguments(target, "--cert", trusted));
        Cli.Result otherName = Cli.run(arguments("127.0.0.1:" + server.port(), "--cert", trusted));

        assertThat(unknown.exit()).isEqualTo(1);
        assertThat(unknown.line()).containsEntry("result", "aborted").containsEntry("sessionResumable", false);
        assertThat((String) unknown.line().get("cause")).containsIgnoringCase("certifi");
        assertThat(known.exit()).isZero();
        assertThat(otherName.exit()).isEqualTo(1);
        assertThat(otherName.line()).containsEntry("result", "aborted");
    }

    @Test
    void application_protocols_must_have_one_in_common() throws Exception {
        String target = serve(new DtlsTransport(List.of("webrtc", "coap"), ShutdownPolicy.bidirectional(),
                DtlsTransport.DEFAULT_MTU, DtlsTransport.DEFAULT_HANDSHAKE_TIMEOUT, IDLE_TIMEOUT), "echo");

        assertThat(connect(target, "--alpn", "other,coap").exit()).isZero();
        Cli.Result other = connect(target, "--alpn", "other");
        assertThat(other.exit()).isEqualTo(1);
        assertThat(other.line()).containsEntry("result", "aborted");
        assertThat((String) other.line().get("cause")).contains("no_application_protocol");
    }

    @Test
    void a_port_that_nobody_listens_on_is_an_aborted_connection() throws Exception {
        int free;
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }

        Cli.Result result = connect("127.0.0.1:" + free, "--handshake-timeout", "500");

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.line()).containsEntry("result", "aborted");
        assertThat((String) result.line().get("cause")).contains("500 ms", "PortUnreachable");
    }

    @Test
    void a_silent_host_is_an_aborted_connection() throws Exception {
        try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            Cli.Result result = connect("127.0.0.1:" + silent.getLocalPort(), "--handshake-timeout", "500");

            assertThat(result.exit()).isEqualTo(1);
            assertThat(result.line()).containsEntry("result", "aborted");
            assertThat((String) result.line().get("cause")).contains("500");
        }
    }

    @Test
    void stdin_is_streamed_and_http_keeps_alive() throws Exception {
        Path file = directory.resolve("answers");
        String target = serve("http");
        try (Child connect = Child.start(arguments(target, "--insecure", "--send", "-",
                "--receive", file.toString()))) {
            OutputStream stdin = connect.stdin();
            stdin.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            stdin.flush();
            stdin.write("GET / HTTP/1.1\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            stdin.flush();

            // stdin stays open: the end comes from the server.
            Map<String, Object> line = connect.next();
            assertThat(line).containsEntry("result", "clean").containsEntry("initiator", "peer");
            assertThat(connect.exit()).isZero();
            assertThat(Files.readString(file).lines().filter("HTTP/1.1 200 OK"::equals)).hasSize(2);
        }
    }
}
