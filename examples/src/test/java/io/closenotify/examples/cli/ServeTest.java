package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ServeTest {

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void a_close_notify_is_seen_without_sun_misc_unsafe(String provider) throws Exception {
        try (Child serve = Child.startWithoutUnsafe("serve", "--port", "0", "--provider", provider)) {
            assertThat(Cli.run("connect", "127.0.0.1:" + serve.port(), "--insecure", "--send", "1").exit()).isZero();
            assertThat(serve.next()).containsEntry("result", "clean").containsEntry("closeNotifyReceived", true);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void every_connection_gets_one_line(String provider, @TempDir Path directory) throws Exception {
        try (Child serve = Child.start("serve", "--port", "0", "--provider", provider, "--drain-timeout", "5000")) {
            Map<String, Object> listening = serve.next();
            assertThat(listening.keySet()).containsExactly("event", "port");
            assertThat(listening.get("event")).isEqualTo("listening");
            int port = (int) listening.get("port");

            Cli.Result client = Cli.run("connect", "127.0.0.1:" + port, "--insecure", "--send", "100000",
                    "--receive", directory.resolve("echo").toString());
            assertThat(client.exit()).isZero();
            Map<String, Object> line = serve.next();
            assertThat(line.keySet()).containsExactlyElementsOf(Cli.SHUTDOWN_FIELDS);
            assertThat(line)
                    .containsEntry("event", "shutdown").containsEntry("protocol", "tls")
                    .containsEntry("mode", "bidirectional").containsEntry("result", "clean")
                    .containsEntry("initiator", "peer").containsEntry("closeNotifySent", true)
                    .containsEntry("closeNotifyReceived", true).containsEntry("bytesRead", 100_000)
                    .containsEntry("bytesWritten", 100_000).containsEntry("bytesAfterCloseNotify", 0)
                    .containsEntry("resumed", false).containsEntry("sessionResumable", true)
                    .containsEntry("cause", null);
            assertThat((String) line.get("peer")).matches("127\\.0\\.0\\.1:\\d+");

            Peer.plain(port).close();
            assertThat(serve.next()).containsEntry("result", "aborted").containsEntry("initiator", "transport");

            try (Socket garbage = Peer.plain(port)) {
                garbage.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                line = serve.next();
                assertThat(line).containsEntry("result", "aborted").containsEntry("sessionResumable", false);
                assertThat((String) line.get("cause")).isNotBlank();
            }

            try (Socket reset = Peer.plain(port)) {
                // A record header that promises a ClientHello, then RST.
                reset.getOutputStream().write(new byte[] {22, 3, 1, 1, 0, 1});
                reset.setSoLinger(true, 0);
            }
            assertThat(serve.next()).containsEntry("result", "aborted");

            assertThat(serve.terminate().exit()).isZero();
            assertThat(serve.rest()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void sigterm_closes_the_listener_and_shuts_live_connections_down(String provider) throws Exception {
        try (Child serve = Child.start("serve", "--port", "0", "--provider", provider, "--linger", "200")) {
            int port = serve.port();
            SSLSocket first = Peer.echoed(port);
            SSLSocket second = Peer.echoed(port);
            try (Socket silent = Peer.plain(port)) {
                // Its connect may be ahead of its accept; the listener accepts in order, so the next one proves it.
                Peer.echoed(port).close();
                assertThat(serve.next()).containsEntry("result", "clean").containsEntry("initiator", "peer");

                serve.terminate();
                assertThat(first.getInputStream().read()).isEqualTo(-1);
                // The close_notify came after the listener was closed, and the process still waits for our answer.
                assertThat(refused(port)).isTrue();
                first.close();
                assertThat(second.getInputStream().read()).isEqualTo(-1);
                second.close();

                List<Map<String, Object>> lines = serve.rest().stream().map(Cli::parse).toList();
                assertThat(lines).extracting(line -> line.get("result"))
                        .containsExactlyInAnyOrder("clean", "clean", "aborted");
                assertThat(lines).extracting(line -> line.get("initiator")).containsOnly("local");
                assertThat(serve.exit()).isZero();
                assertThat(silent.isClosed()).isFalse();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void sigterm_forces_what_is_not_done_in_time(String provider) throws Exception {
        try (Child serve = Child.start("serve", "--port", "0", "--provider", provider, "--drain-timeout", "300")) {
            int port = serve.port();
            try (SSLSocket silent = Peer.echoed(port)) {
                assertThat(serve.terminate().exit()).isEqualTo(1);
                assertThat(serve.rest()).singleElement().satisfies(line -> assertThat(Cli.parse(line))
                        .containsEntry("result", "aborted").containsEntry("initiator", "local")
                        .containsEntry("closeNotifySent", true).containsEntry("closeNotifyReceived", false));
                assertThat(silent.isClosed()).isFalse();
            }
        }
    }

    private static boolean refused(int port) {
        try (Socket late = Peer.plain(port)) {
            return late.getPort() == 0;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void taken_port_is_one_line_and_exit_1() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, NetUtil.LOCALHOST4)) {
            Cli.Result second = Cli.run("serve", "--port", Integer.toString(taken.getLocalPort()));

            assertThat(second.exit()).isEqualTo(1);
            assertThat(second.out()).isEmpty();
            assertThat(second.err()).singleElement().asString().startsWith("cannot listen on 127.0.0.1:");
        }
    }
}
