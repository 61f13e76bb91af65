package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownPolicy;
import java.io.PrintWriter;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code probe} prints, and its exit codes. */
final class ProbeCommandTest {

    private static Server server;
    private static String good;

    @BeforeAll
    static void serve() throws Exception {
        TlsContexts contexts = new TlsContexts(Provider.JDK, List.of(TlsVersion.values()), List.of("http/1.1"));
        server = new TlsTransport(contexts, ShutdownPolicy.bidirectional()).listener(null).listen(
                new AppConverter().convert("http"), report -> { }, new Log(new PrintWriter(PrintWriter.nullWriter())),
                "127.0.0.1", 0);
        good = "127.0.0.1:" + server.port();
    }

    @AfterAll
    static void stop() {
        server.stop();
    }

    private static String nobody() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            return "127.0.0.1:" + socket.getLocalPort();
        }
    }

    @Test
    @SuppressWarnings("unchecked")
    void json_is_one_object_a_peer() throws Exception {
        Cli.Result result = Cli.run("probe", good, "--json", "--patience", "2000");

        assertThat(result.exit()).isZero();
        Map<String, Object> report = result.line();
        assertThat(report.keySet()).containsExactly("target", "protocol", "negotiated", "safe", "failure",
                "elapsedMillis", "verdicts", "exchanges");
        assertThat(report).containsEntry("target", good).containsEntry("protocol", "tls").containsEntry("safe", true)
                .containsEntry("failure", null);
        assertThat((String) report.get("negotiated")).startsWith("TLSv1.3, TLS_").contains("not trusted");
        List<Map<String, Object>> verdicts = (List<Map<String, Object>>) report.get("verdicts");
        assertThat(verdicts).hasSize(15).allSatisfy(verdict -> assertThat(verdict.keySet())
                .containsExactly("id", "question", "grade", "finding", "rule", "exchange"));
        List<Map<String, Object>> exchanges = (List<Map<String, Object>>) report.get("exchanges");
        assertThat(exchanges).extracting(exchange -> exchange.get("id")).doesNotHaveDuplicates()
                .containsAll(verdicts.stream().map(verdict -> verdict.get("exchange")).toList());
        assertThat(exchanges).allSatisfy(exchange -> {
            List<Map<String, Object>> events = (List<Map<String, Object>>) exchange.get("events");
            assertThat(events).isNotEmpty().allSatisfy(event ->
                    assertThat(event.keySet()).containsExactly("micros", "direction", "what", "bytes"));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"dtls", "quic"})
    @SuppressWarnings("unchecked")
    void a_server_of_ours_is_safe_over_datagrams_too(String protocol) throws Exception {
        try (Child serve = Child.start("serve", "--protocol", protocol, "--port", "0")) {
            Cli.Result result = Cli.run("probe", "--protocol", protocol, "127.0.0.1:" + serve.port(), "--json",
                    "--patience", "2000", "--request", "ping");

            assertThat(result.exit()).isZero();
            assertThat(result.line()).containsEntry("protocol", protocol).containsEntry("safe", true);
            assertThat((List<Map<String, Object>>) result.line().get("verdicts")).isNotEmpty()
                    .allSatisfy(verdict -> assertThat(verdict).containsEntry("grade", "good"));
        }
    }

    @Test
    void several_peers_end_in_a_summary(@TempDir Path folder) throws Exception {
        String nobody = nobody();
        Path hosts = Files.writeString(folder.resolve("hosts"), "# peers\n\n" + nobody + "\n");

        Cli.Result result = Cli.run("probe", good, "--hosts", hosts.toString(), "--insecure", "--tls", "1.2",
                "--alpn", "http/1.1", "--html", folder.resolve("report.html").toString());

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err()).isEmpty();
        String out = String.join("\n", result.out());
        assertThat(out).contains(good + ", tls: TLSv1.2", "ALPN http/1.1", good + " is safe (14 connections",
                nobody + " could not be audited: cannot connect").doesNotContain("not trusted");
        assertThat(out.lines().filter(line -> line.startsWith("| " + good))).singleElement().asString()
                .contains("| safe ");
        assertThat(folder.resolve("report.html")).content().contains(good, nobody);
        assertThat(out.lines().filter(line -> line.startsWith("| " + nobody))).singleElement().asString()
                .contains("| not audited ");
    }

    @Test
    void a_line_of_hosts_that_is_no_peer_is_a_usage_error(@TempDir Path folder) throws Exception {
        Path hosts = Files.writeString(folder.resolve("hosts"), "localhost\n");

        Cli.Result result = Cli.run("probe", "--hosts", hosts.toString());

        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.err()).singleElement().asString().contains("--hosts: localhost", "HOST:PORT");
    }
}
