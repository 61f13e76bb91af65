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

final class QuicServeTest {

    private static Child serve(String... more) throws Exception {
        return Child.start(concat(List.of("serve", "--protocol", "quic", "--port", "0"), List.of(more)));
    }

    private static Child connect(int port, String... more) throws Exception {
        return Child.start(arguments(port, more));
    }

    /** The same within this process. */
    private static Cli.Result run(int port, String... more) {
        return Cli.run(arguments(port, more));
    }

    private static String[] arguments(int port, String... more) {
        return concat(List.of("connect", "127.0.0.1:" + port, "--protocol", "quic", "--insecure"), List.of(more));
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

            assertThat(run(port, "--send", "100000", "--error", "7", "--reason", "done").exit()).isZero();
            Map<String, Object> line = serve.next();
            assertThat(line.keySet()).containsExactlyElementsOf(Cli.QUIC_FIELDS);
            assertThat(line)
                    .containsEntry("event", "shutdown").containsEntry("protocol", "quic")
                    .containsEntry("mode", "compliant").containsEntry("result", "clean")
                    .containsEntry("initiator", "peer").containsEntry("closeNotifySent", false)
                    .containsEntry("closeNotifyReceived", true).containsEntry("bytesRead", 100_000)
                    .containsEntry("bytesWritten", 0).containsEntry("bytesAfterCloseNotify", 0)
                    .containsEntry("resumed", false).containsEntry("sessionResumable", true)
                    .containsEntry("cause", null).containsEntry("errorCode", 7).containsEntry("reason", "done")
                    .containsEntry("remote", true).containsEntry("application", true)
                    .containsEntry("delivery", "peer_confirmed");
            // Its last acknowledgements may be open when the client closes: then it is not known.
            assertThat(line.get("bytesUnacknowledged")).isIn(0, null);
            assertThat((String) line.get("peer")).matches("127\\.0\\.0\\.1:\\d+");

            try (DatagramSocket garbage = new DatagramSocket()) {
                byte[] noise = "GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
                garbage.send(new DatagramPacket(noise, noise.length, InetAddress.getLoopbackAddress(), port));
            }
            assertThat(run(port, "--alpn", "other").exit()).isEqualTo(1);
            assertThat(serve.next()).containsEntry("result", "aborted").containsEntry("sessionResumable", false);

            assertThat(serve.terminate().exit()).isZero();
            assertThat(serve.rest()).isEmpty();
        }
    }

    @Test
    void sigterm_shuts_live_connections_down(@TempDir Path directory) throws Exception {
        try (Child serve = serve("--error", "0x100", "--reason", "going away")) {
            int port = serve.port();
            try (Child first = connect(port, "--send", "-", "--receive", directory.resolve("first").toString());
                    Child second = connect(port, "--send", "-", "--receive", directory.resolve("second").toString())) {
                echoed(first, directory.resolve("first"));
                echoed(second, directory.resolve("second"));

                serve.terminate();

                for (Child client : List.of(first, second)) {
                    assertThat(client.next()).containsEntry("result", "clean").containsEntry("initiator", "peer")
                            .containsEntry("errorCode", 0x100).containsEntry("reason", "going away")
                            .containsEntry("remote", true);
                    assertThat(client.exit()).isZero();
                }
                List<Map<String, Object>> lines = serve.rest().stream().map(Cli::parse).toList();
                assertThat(lines).hasSize(2).allSatisfy(line -> assertThat(line)
                        .containsEntry("result", "clean").containsEntry("initiator", "local")
                        .containsEntry("closeNotifySent", true).containsEntry("delivery", "on_wire"));
                assertThat(serve.exit()).isZero();
            }
        }
    }

    @Test
    void sigterm_forces_what_is_not_done_in_time(@TempDir Path directory) throws Exception {
        try (Child serve = serve("--drain-timeout", "300", "--wait-peer")) {
            int port = serve.port();
            try (Child client = connect(port, "--send", "-", "--receive", directory.resolve("echo").toString())) {
                echoed(client, directory.resolve("echo"));

                assertThat(serve.terminate().exit()).isEqualTo(1);
                assertThat(serve.rest()).singleElement().satisfies(line -> assertThat(Cli.parse(line))
                        .containsEntry("result", "aborted").containsEntry("initiator", "local"));
            }
        }
    }

    @Test
    void new_connections_are_refused_while_others_drain(@TempDir Path directory) throws Exception {
        try (Child serve = serve("--wait-peer", "--drain-timeout", "60000")) {
            int port = serve.port();
            Path echo = directory.resolve("echo");
            try (Child live = connect(port, "--send", "-", "--receive", echo.toString())) {
                echoed(live, echo);
                serve.terminate();

                // Until the signal has arrived, connections are still accepted, and are clean.
                Map<String, Object> late;
                do {
                    late = run(port).line();
                } while (late.get("result").equals("clean"));
                // A client may find its handshake complete before it learns that it is refused.
                assertThat(late).containsEntry("remote", true).containsEntry("errorCode", 2)
                        .containsEntry("application", false);

                // The one that was there still works.
                echoed(live, echo);
                live.stdin().close();
                assertThat(live.next()).containsEntry("result", "clean").containsEntry("initiator", "local");
                assertThat(serve.exit()).isZero();
            }
        }
    }

    /** A byte went there and back: the connection is known to be served. */
    private static void echoed(Child client, Path file) throws Exception {
        long before = Child.size(file);
        client.stdin().write('?');
        client.stdin().flush();
        Child.awaitMore(file, before);
    }

    @Test
    void taken_port_is_one_line_and_exit_1() throws Exception {
        try (DatagramSocket taken = new DatagramSocket(0, NetUtil.LOCALHOST4)) {
            Cli.Result second =
                    Cli.run("serve", "--protocol", "quic", "--port", Integer.toString(taken.getLocalPort()));

            assertThat(second.exit()).isEqualTo(1);
            assertThat(second.out()).isEmpty();
            assertThat(second.err()).singleElement().asString().startsWith("cannot listen on 127.0.0.1:");
        }
    }
}
