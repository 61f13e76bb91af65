package io.closenotify.examples.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class ConnectTest {

    @RegisterExtension
    final LocalServer server = new LocalServer();

    @TempDir
    Path directory;

    private String serve(Provider provider, ShutdownPolicy policy, String app) throws Exception {
        TlsContexts contexts = new TlsContexts(provider, List.of(TlsVersion.values()), List.of());
        server.start(new TlsTransport(contexts, policy), app);
        return "localhost:" + server.port();
    }

    private String serve(Provider provider, String app) throws Exception {
        return serve(provider, ShutdownPolicy.bidirectional(), app);
    }

    @ParameterizedTest
    @CsvSource({"jdk,jdk,1.2", "jdk,jdk,1.3", "jdk,openssl,1.2", "jdk,openssl,1.3", "openssl,jdk,1.2",
        "openssl,jdk,1.3", "openssl,openssl,1.2", "openssl,openssl,1.3"})
    void sessions_after_the_first_are_resumed(String clientProvider, String serverProvider, String version)
            throws Exception {
        String target = serve(Choice.of(Provider.class).convert(serverProvider), "source:1000");

        Cli.Result result = Cli.run("connect", target, "--insecure", "--provider", clientProvider, "--tls", version,
                "--sessions", "3", "--receive", directory.resolve("all").toString());

        assertThat(result.exit()).isZero();
        assertThat(result.lines()).extracting(line -> line.get("resumed")).containsExactly(false, true, true);
        assertThat(result.lines()).allSatisfy(line -> {
            assertThat(line.keySet()).containsExactlyElementsOf(Cli.SHUTDOWN_FIELDS);
            assertThat(line).containsEntry("result", "clean").containsEntry("initiator", "peer")
                    .containsEntry("bytesRead", 1000).containsEntry("peer", "127.0.0.1:" + server.port());
        });
        assertThat(directory.resolve("all")).hasSize(3000);
        assertThat(List.of(server.served().resumed(), server.served().resumed(), server.served().resumed()))
                .containsExactly(false, true, true);
    }

    @ParameterizedTest
    @EnumSource
    void receive_alone_waits_for_the_peer(Provider provider) throws Exception {
        String target = serve(provider, "source:3000000");
        Path file = directory.resolve("received");

        Cli.Result result = Cli.run("connect", target, "--insecure", "--provider", Labels.of(provider),
                "--receive", file.toString());

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("initiator", "peer")
                .containsEntry("bytesRead", 3_000_000).containsEntry("bytesAfterCloseNotify", 0);
        assertThat(file).hasSize(3_000_000);
        assertThat(server.served().bytesWritten()).isEqualTo(3_000_000);
    }

    @ParameterizedTest
    @EnumSource
    void data_left_unread_arrives_during_the_shutdown(Provider provider) throws Exception {
        String target = serve(provider, "source:500000");
        Path file = directory.resolve("received");

        Cli.Result result = Cli.run("connect", target, "--insecure", "--provider", Labels.of(provider), "--no-read",
                "--send", "10", "--receive", file.toString());

        assertThat(result.line()).containsEntry("result", "clean").containsEntry("bytesWritten", 10);
        assertThat(result.exit()).isZero();
        assertThat((int) result.line().get("bytesRead")).isEqualTo((int) Files.size(file));
    }

    @ParameterizedTest
    @EnumSource
    void file_is_sent_and_counted(Provider provider) throws Exception {
        String target = serve(provider, "sink");
        Path file = Files.write(directory.resolve("sent"), new byte[1_234_567]);

        Cli.Result result = Cli.run("connect", target, "--insecure", "--provider", Labels.of(provider),
                "--send", "@" + file);

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("bytesWritten", 1_234_567);
        assertThat(server.served().bytesRead()).isEqualTo(1_234_567);
    }

    @ParameterizedTest
    @CsvSource({"JDK,fast", "JDK,quiet", "OPENSSL,fast", "OPENSSL,quiet"})
    void one_sided_modes_are_good(Provider provider, String mode) throws Exception {
        String target = serve(provider, "sink");

        Cli.Result result = Cli.run("connect", target, "--insecure", "--provider", Labels.of(provider),
                "--mode", mode, "--send", "50000");

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("mode", mode);
        assertThat((String) result.line().get("result")).isIn(mode.equals("quiet")
                ? List.of("quiet") : List.of("clean", "unidirectional"));
        assertThat(server.served()).satisfies(report -> {
            assertThat(report.bytesRead()).isEqualTo(50_000);
            assertThat(report.ending().received()).isEqualTo(!mode.equals("quiet"));
        });
    }

    @Test
    void what_the_peer_cut_short_was_not_sent() throws Exception {
        Cli.Result result =
                Cli.run("connect", serve(Provider.JDK, "source:1000"), "--insecure", "--send", "500000000");

        assertThat(result.exit()).isEqualTo(1);
        if (result.line().get("result").equals("clean")) {
            assertThat(result.err()).singleElement().asString()
                    .startsWith("--send: the connection ended before all of it was sent");
        }
    }

    @Test
    void without_anything_to_do_it_shuts_down_at_once() throws Exception {
        Cli.Result result = Cli.run("connect", serve(Provider.JDK, "echo"), "--insecure");

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("initiator", "local")
                .containsEntry("bytesWritten", 0);
    }

    @Test
    void every_session_counts_for_the_exit_code() throws Exception {
        String target = serve(Provider.JDK, ShutdownPolicy.of(ShutdownMode.QUIET), "source:100");

        Cli.Result result = Cli.run("connect", target, "--insecure", "--sessions", "2",
                "--receive", directory.resolve("cut").toString());

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.lines()).extracting(line -> line.get("result")).containsExactly("truncated", "truncated");
        assertThat(result.lines()).extracting(line -> line.get("bytesRead")).containsExactly(100, 100);
    }

    @Test
    void truncation_can_be_ignored() throws Exception {
        String target = serve(Provider.JDK, ShutdownPolicy.of(ShutdownMode.QUIET), "source:100");

        Cli.Result result = Cli.run("connect", target, "--insecure", "--on-truncation", "ignore",
                "--receive", directory.resolve("cut").toString());

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("closeNotifyReceived", false);
        assertThat((String) result.line().get("cause")).contains("close_notify");
    }

    @Test
    void data_past_the_cap_is_counted_and_ends_it() throws Exception {
        String target = serve(Provider.JDK, "echo");

        Path late = directory.resolve("late");
        // Even with autoRead off SslHandler reads once more after the handshake; most comes after our alert.
        Cli.Result result = Cli.run("connect", target, "--insecure", "--inbound-cap", "0", "--no-read",
                "--send", "1000000", "--receive", late.toString());

        assertThat(result.line()).containsEntry("result", "aborted");
        assertThat(result.exit()).isEqualTo(1);
        int after = (int) result.line().get("bytesAfterCloseNotify");
        assertThat(after).isPositive();
        assertThat((int) result.line().get("bytesRead") - after).isEqualTo((int) Files.size(late));
    }

    @ParameterizedTest
    @EnumSource
    void certificates_and_names_are_checked(Provider provider) throws Exception {
        String target = serve(provider, "echo");
        String trusted = LocalServer.certificate();
        String label = Labels.of(provider);

        Cli.Result unknown = Cli.run("connect", target, "--provider", label);
        Cli.Result known = Cli.run("connect", target, "--provider", label, "--cert", trusted);
        Cli.Result otherName = Cli.run("connect", "127.0.0.1:" + server.port(), "--provider", label,
                "--cert", trusted);

        assertThat(unknown.exit()).isEqualTo(1);
        assertThat(unknown.line()).containsEntry("result", "aborted");
        assertThat((String) unknown.line().get("cause")).isNotBlank();
        assertThat(known.exit()).isZero();
        assertThat(otherName.exit()).isEqualTo(1);
        assertThat(otherName.line()).containsEntry("result", "aborted");
    }

    @Test
    void unreachable_host_is_one_line_and_exit_1() throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }

        Cli.Result result = Cli.run("connect", "127.0.0.1:" + free, "--insecure");

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).singleElement().asString().startsWith("cannot connect to 127.0.0.1:" + free);
    }

    @Test
    void stdin_is_streamed_and_http_keeps_alive() throws Exception {
        String target = serve(Provider.JDK, "http");
        Path file = directory.resolve("answers");
        try (Child connect = Child.start("connect", target, "--insecure", "--send", "-",
                "--receive", file.toString())) {
            OutputStream stdin = connect.stdin();
            for (String method : List.of("GET", "POST", "HEAD")) {
                stdin.write((method + " / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                        .getBytes(US_ASCII));
                stdin.flush();
            }
            stdin.close();

            Map<String, Object> line = connect.next();
            assertThat(connect.exit()).isZero();
            assertThat(connect.rest()).isEmpty();
            assertThat(line).containsEntry("result", "clean").containsEntry("initiator", "local");
            assertThat(Files.readString(file).lines().filter("HTTP/1.1 200 OK"::equals)).hasSize(3);
        }
    }

    @ParameterizedTest
    @CsvSource({"JDK,GET / HTTP/1.1~Connection: close", "OPENSSL,GET / HTTP/1.1~Connection: close",
        "JDK,GET / HTTP/1.0~Connection: keep-alive", "OPENSSL,BREW / HTTP/1.0~Accept: tea"})
    void http_shuts_down_when_the_request_says_so(Provider provider, String request) throws Exception {
        serve(provider, "http");
        try (Socket transport = Peer.plain(server.port()); SSLSocket tls = Peer.over(transport, "1.3")) {
            tls.getOutputStream().write((request.replace("~", "\r\n") + "\r\n\r\n").getBytes(US_ASCII));

            assertThat(tls.getInputStream().readAllBytes()).asString(US_ASCII).startsWith("HTTP/1.1 200 OK\r\n")
                    .containsIgnoringCase("content-length: 7\r\n").containsIgnoringCase("connection: close\r\n")
                    .endsWith("\r\n\r\n200 OK\n");
            tls.shutdownOutput();
            assertThat(server.served().ending()).satisfies(ending -> {
                assertThat(ending.result()).isEqualTo(ShutdownResult.CLEAN);
                assertThat(ending.initiator()).isEqualTo(ShutdownInitiator.LOCAL);
            });
        }
    }

    @Test
    void a_peer_that_closes_ends_it_while_stdin_is_open() throws Exception {
        String target = serve(Provider.JDK, "http");
        Path file = directory.resolve("answer");
        try (Child connect = Child.start("connect", target, "--insecure", "--send", "-",
                "--receive", file.toString())) {
            connect.stdin().write("GET / HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
            connect.stdin().flush();

            assertThat(connect.next()).containsEntry("result", "clean").containsEntry("initiator", "peer");
            assertThat(connect.exit()).isZero();
            assertThat(Files.readString(file)).startsWith("HTTP/1.1 200 OK\r\n").endsWith("200 OK\n");
        }
    }

    @Test
    void a_signal_shuts_the_connection_down_and_it_gets_its_line() throws Exception {
        String target = serve(Provider.JDK, "echo");
        Path file = directory.resolve("echo");
        try (Child connect = Child.start("connect", target, "--insecure", "--send", "-",
                "--receive", file.toString())) {
            connect.stdin().write('x');
            connect.stdin().flush();
            Child.awaitMore(file, 0);

            assertThat(connect.terminate().next()).containsEntry("result", "clean").containsEntry("bytesRead", 1);
            assertThat(connect.exit()).isEqualTo(1);
            assertThat(server.served().ending().sent()).isTrue();
        }
    }
}
