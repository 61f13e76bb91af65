package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.NetUtil;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MetricsTest {

    private final HttpClient http = HttpClient.newHttpClient();

    @ParameterizedTest
    @CsvSource({"tls, bidirectional", "dtls, bidirectional", "quic, compliant"})
    void a_scrape_tells_how_connections_ended(String protocol, String mode) throws Exception {
        int metrics = freePort();
        try (Child serve = Child.start("serve", "--protocol", protocol, "--port", "0",
                "--metrics-port", Integer.toString(metrics))) {
            Map<String, Object> listening = serve.next();
            assertThat(listening.keySet()).containsExactly("event", "port");
            assertThat(scrape(metrics)).contains(
                    "closenotify_forced_connections_total{protocol=\"" + protocol + "\"} 0.0",
                    "closenotify_truncated_connections_total{protocol=\"" + protocol + "\"} 0.0",
                    "closenotify_lingering_connections{protocol=\"" + protocol + "\"} 0.0");

            assertThat(Cli.run("connect", "127.0.0.1:" + listening.get("port"), "--protocol", protocol, "--insecure",
                    "--send", "1000").exit()).isZero();
            assertThat(serve.next()).containsEntry("result", "clean");
            assertThat(scrape(metrics)).contains(
                    "closenotify_shutdown_seconds_count{mode=\"" + mode + "\",protocol=\"" + protocol
                            + "\",result=\"clean\"} 1",
                    "closenotify_shutting_down_connections{protocol=\"" + protocol + "\"} 0.0");
            assertThat(serve.terminate().exit()).isZero();
            assertThat(serve.rest()).isEmpty();
        }
    }

    @Test
    void a_drain_can_be_watched() throws Exception {
        int metrics = freePort();
        try (Child serve = Child.start("serve", "--port", "0", "--metrics-port", Integer.toString(metrics),
                "--peer-timeout", "60000", "--drain-timeout", "60000", "--linger", "0")) {
            SSLSocket silent = Peer.echoed(serve.port());
            serve.terminate();
            assertThat(silent.getInputStream().read()).isEqualTo(-1);

            assertThat(scrape(metrics)).contains("closenotify_shutting_down_connections{protocol=\"tls\"} 1.0");
            silent.close();
            assertThat(serve.exit()).isZero();
        }
    }

    private static int freePort() throws Exception {
        try (ServerSocket free = new ServerSocket(0, 1, NetUtil.LOCALHOST4)) {
            return free.getLocalPort();
        }
    }

    private String scrape(int port) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                .timeout(Duration.ofSeconds(20)).build();
        HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValueSatisfying(
                type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
        return response.body();
    }

    @Test
    void a_taken_port_is_one_line_and_exit_1() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, NetUtil.LOCALHOST4)) {
            Cli.Result serve = Cli.run(
                    "serve", "--port", "0", "--metrics-port", Integer.toString(taken.getLocalPort()));
            assertThat(serve.exit()).isEqualTo(1);
            assertThat(serve.out()).isEmpty();
            assertThat(serve.err()).singleElement().asString()
                    .startsWith("cannot serve metrics on 127.0.0.1:" + taken.getLocalPort());
        }
    }

    @Test
    void where_the_metrics_are_is_told_on_stderr_and_they_end_with_the_command() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, NetUtil.LOCALHOST4)) {
            int metrics = freePort();
            Cli.Result serve = Cli.run("serve", "--port", Integer.toString(taken.getLocalPort()),
                    "--metrics-port", Integer.toString(metrics));
            assertThat(serve.out()).isEmpty();
            assertThat(serve.err()).first().isEqualTo("metrics: http://127.0.0.1:" + metrics + "/metrics");
            try (ServerSocket again = new ServerSocket(metrics, 1, NetUtil.LOCALHOST4)) {
                assertThat(again.isBound()).isTrue();
            }
        }
    }
}
