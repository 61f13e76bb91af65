package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.NetUtil;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DtlsServeTest {

    private static Child serve(String... more) throws Exception {
        return Child.start(concat(List.of("serve", "--protocol", "dtls", "--port", "0", "--linger", "200"),
                List.of(more)));
    }

    private static String[] connect(int port, String... more) {
        return concat(List.of("connect", "127.0.0.1:" + port, "--protocol", "dtls", "--insecure", "--linger", "200"),
                List.of(more));
    }

    private static String[] concat(List<String> first, List<String> second) {
        return Stream.concat(first.stream(), second.stream()).toArray(String[]::new);
    }

    @Test
    void every_connection_gets_one_line() throws Exception {
        try (Child serve = serve("--app", "sink")) {
            Map<String, Object> listening = serve.next();
            assertThat(listening.keySet()).containsExactly("event", "port");
            int port = (int) listening.get("port");

            assertThat(Cli.run(connect(port, "--send", "20000")).exit()).isZero();
            Map<String, Object> line = serve.next();
            assertThat(line.keySet()).containsExactlyElementsOf(Cli.DTLS_FIELDS);
            assertThat(line)
                    .containsEntry("event", "shutdown").containsEntry("protocol", "dtls")
                    .containsEntry("mode", "bidirectional").containsEntry("result", "clean")
                    .containsEntry("initiator", "peer").containsEntry("closeNotifySent", true)
                    .containsEntry("closeNotifyReceived", true).containsEntry("bytesRead", 20_000)
                    .containsEntry("bytesWritten", 0).containsEntry("bytesAfterCloseNotify", 0)
                    .containsEntry("resumed", false).containsEntry("sessionResumable", true)
                    .containsEntry("cause", null).containsEntry("repeats", 0).containsEntry("missingAtMost", 0);
            assertThat((String) line.get("peer")).matches("127\\.0\\.0\\.1:\\d+");

            try (DatagramSocket garbage = new DatagramSocket()) {
                byte[] noise = "GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
                garbage.send(new DatagramPacket(noise, noise.length, InetAddress.getLoopbackAddress(), port));
            }
            // Checks the certificate, and refuses it.
            Cli.Result stranger = Cli.run("connect", "127.0.0.1:" + port, "--protocol", "dtls");
            assertThat(stranger.exit()).isEqualTo(1);
            assertThat(stranger.line()).containsEntry("result", "aborted");
            assertThat(serve.next()).containsEntry("result", "aborted").containsEntry("sessionResumable", false);

            assertThat(serve.terminate().exit()).isZero();
            assertThat(serve.rest()).isEmpty();
        }
    }

    @Test
    void sigterm_shuts_live_connections_down(@TempDir Path directory) throws Exception {
        try (Child serve = serve()) {
            int port = serve.port();
            try (Child first = live(port, directory.resolve("first"));
                    Child second = live(port, directory.resolve("second"))) {
                serve.terminate();

                for (Child client : List.of(first, second)) {
                    assertThat(client.next()).containsEntry("result", "clean").containsEntry("initiator", "peer")
                            .containsEntry("closeNotifySent", true).containsEntry("closeNotifyReceived", true);
                    assertThat(client.exit()).isZero();
                }
                List<Map<String, Object>> lines = serve.rest().stream().map(Cli::parse).toList();
                assertThat(lines).hasSize(2).allSatisfy(line -> assertThat(line)
                        .containsEntry("result", "clean").containsEntry("initiator", "local"));
                assertThat(serve.exit()).isZero();
            }
        }
    }

    @Test
    void sigterm_forces_what_is_not_done_in_time() throws Exception {
        try (Child serve = serve("--drain-timeout", "300")) {
            int port = serve.port();
            leaveWithoutAWord(port);

            assertThat(serve.terminate().exit()).isEqualTo(1);
            assertThat(serve.rest()).singleElement().satisfies(line -> assertThat(Cli.parse(line))
                    .containsEntry("result", "aborted").containsEntry("initiator", "local")
                    .containsEntry("closeNotifySent", true).containsEntry("closeNotifyReceived", false));
        }
    }

    @Test
    void peer_that_vanished_is_given_up() throws Exception {
        try (Child serve = serve("--idle-timeout", "1000", "--peer-timeout", "500")) {
            int port = serve.port();
            leaveWithoutAWord(port);

            assertThat(serve.next()).containsEntry("result", "peer_silent").containsEntry("initiator", "local")
                    .containsEntry("closeNotifySent", true).containsEntry("closeNotifyReceived", false)
                    .containsEntry("missingAtMost", null)
                    .hasEntrySatisfying("repeats", repeats -> assertThat((int) repeats).isPositive());
        }
    }

    /** A client that is served, and then there no more. */
    private static void leaveWithoutAWord(int port) {
        assertThat(Cli.run(connect(port, "--send", "1", "--mode", "quiet")).exit()).isZero();
    }

    /** A client whose stdin stays open, and of whom a byte went there and back. */
    private static Child live(int port, Path file) throws Exception {
        Child client = Child.start(connect(port, "--send", "-", "--receive", file.toString()));
        client.stdin().write('?');
        client.stdin().flush();
        Child.awaitMore(file, 0);
        return client;
    }

    @Test
    void taken_port_is_one_line_and_exit_1() throws Exception {
        try (DatagramSocket taken = new DatagramSocket(0, NetUtil.LOCALHOST4)) {
            Cli.Result second =
                    Cli.run("serve", "--protocol", "dtls", "--port", Integer.toString(taken.getLocalPort()));

            assertThat(second.exit()).isEqualTo(1);
            assertThat(second.out()).isEmpty();
            assertThat(second.err()).singleElement().asString().startsWith("cannot listen on 127.0.0.1:");
        }
    }
}
