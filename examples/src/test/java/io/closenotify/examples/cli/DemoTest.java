package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.Protocol;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.closenotify.quic.QuicCloseDelivery;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownOutcome;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class DemoTest {

    private static final int BYTES = 10;

    @Test
    void every_row_is_as_specified() {
        Cli.Result result = Cli.run("demo", "--json");

        assertThat(result.exit()).isZero();
        long providers = Arrays.stream(Provider.values()).filter(Provider::isAvailable).count();
        assertThat(result.lines()).allSatisfy(row -> {
            assertThat(row.keySet()).startsWith("event", "protocol", "version", "provider", "mode", "result", "ok");
            assertThat(row).containsEntry("event", "row").containsEntry("ok", true);
        });
        for (String version : List.of("1.2", "1.3")) {
            for (String variant : List.of("bidirectional null clean", "quiet null quiet",
                    "bidirectional defer clean", "bidirectional keep clean")) {
                assertThat(result.lines()).filteredOn("protocol", "tls").filteredOn("version", version)
                        .filteredOn(row -> variant.equals(
                                row.get("mode") + " " + row.get("variant") + " " + row.get("result")))
                        .hasSize((int) providers);
            }
        }
        assertThat(result.lines()).filteredOn("protocol", "tls").hasSize((int) providers * 10);
        assertThat(result.lines()).filteredOn("protocol", "dtls")
                .extracting(row -> row.get("version") + " " + row.get("provider") + " " + row.get("mode") + " "
                        + row.get("result") + " " + row.get("serverResult") + " " + row.get("resumed"))
                .containsExactly("1.2 jdk bidirectional clean clean true", "1.2 jdk fast unidirectional clean true",
                        "1.2 jdk quiet quiet peer_silent true");
        assertThat(result.lines()).filteredOn("protocol", "quic")
                .extracting(row -> row.get("mode") + " " + row.get("variant") + " " + row.get("result"))
                .containsExactly("compliant stream_flush clean", "compliant no_stream_flush clean",
                        "rapid stream_flush unidirectional", "rapid no_stream_flush unidirectional",
                        "wait_peer null clean", "compliant peer_closes_first clean");
        assertThat(result.lines()).extracting(row -> row.get("protocol") + " " + row.get("provider") + " "
                + row.get("version") + " " + row.get("mode") + " " + row.get("variant")).doesNotHaveDuplicates();
    }

    @Test
    void table_has_a_line_a_row() {
        Cli.Result result = Cli.run("demo");

        assertThat(result.exit()).isZero();
        assertThat(result.out()).filteredOn(line -> line.startsWith("| TLS 1.")).hasSizeGreaterThanOrEqualTo(6);
        assertThat(result.out()).filteredOn(line -> line.startsWith("| DTLS 1.2 ")).hasSize(3);
        assertThat(result.out()).filteredOn(line -> line.startsWith("| QUIC 1 ")).hasSize(6);
    }

    @Test
    void what_is_not_as_specified_is_not_ok() {
        ConnectionReport clean = report(ShutdownResult.CLEAN, true, BYTES);
        ConnectionReport unanswered = report(ShutdownResult.UNANSWERED, false, BYTES);
        ConnectionReport truncated = report(ShutdownResult.TRUNCATED, false, BYTES);
        ConnectionReport quiet = report(ShutdownResult.QUIET, true, BYTES);

        assertThat(problem(ShutdownMode.BIDIRECTIONAL, clean, clean)).isNull();
        assertThat(problem(ShutdownMode.BIDIRECTIONAL, unanswered, clean)).isEqualTo("client: unanswered");
        assertThat(problem(ShutdownMode.BIDIRECTIONAL, clean, truncated)).isEqualTo("server: truncated");
        assertThat(problem(ShutdownMode.BIDIRECTIONAL, clean, report(ShutdownResult.CLEAN, false, BYTES)))
                .isEqualTo("close_notify lost");
        assertThat(problem(ShutdownMode.BIDIRECTIONAL, report(ShutdownResult.CLEAN, false, BYTES), clean))
                .isEqualTo("answer lost");
        assertThat(problem(ShutdownMode.FAST, clean, truncated)).isEqualTo("server: truncated");
        assertThat(problem(ShutdownMode.FAST, clean, report(ShutdownResult.CLEAN, true, BYTES - 1)))
                .isEqualTo("data lost");
        assertThat(problem(ShutdownMode.QUIET, quiet, truncated)).isNull();
        assertThat(problem(ShutdownMode.QUIET, quiet, clean)).isEqualTo("server: clean");
    }

    @Test
    void what_is_not_as_specified_over_dtls_is_not_ok() {
        ConnectionReport clean = report(ShutdownResult.CLEAN, true, BYTES);
        ConnectionReport unidirectional = report(ShutdownResult.UNIDIRECTIONAL, false, BYTES);
        ConnectionReport quiet = report(ShutdownResult.QUIET, true, BYTES);
        ConnectionReport silent = report(ShutdownResult.PEER_SILENT, false, BYTES);

        assertThat(dtlsProblem(ShutdownMode.BIDIRECTIONAL, clean, clean)).isNull();
        assertThat(dtlsProblem(ShutdownMode.BIDIRECTIONAL, silent, clean)).isEqualTo("client: peer_silent");
        assertThat(dtlsProblem(ShutdownMode.FAST, unidirectional, clean)).isNull();
        assertThat(dtlsProblem(ShutdownMode.FAST, clean, clean)).isEqualTo("client: clean");
        assertThat(dtlsProblem(ShutdownMode.FAST, unidirectional, silent)).isEqualTo("server: peer_silent");
        assertThat(dtlsProblem(ShutdownMode.QUIET, quiet, silent)).isNull();
        assertThat(dtlsProblem(ShutdownMode.QUIET, quiet, clean)).isEqualTo("server: clean");
    }

    private static String dtlsProblem(ShutdownMode mode, ConnectionReport client, ConnectionReport server) {
        return DtlsDemo.specification(mode).problem(client, server, BYTES, BYTES);
    }

    private static String problem(ShutdownMode mode, ConnectionReport client, ConnectionReport server) {
        return TlsDemo.specification(mode).problem(client, server, BYTES, BYTES);
    }

    private static ConnectionReport report(ShutdownResult result, boolean received, long bytes) {
        return new ConnectionReport("127.0.0.1:1", false, bytes, bytes, Ending.of(
                new ShutdownOutcome(Protocol.TLS, result, ShutdownInitiator.LOCAL, ShutdownMode.BIDIRECTIONAL, true,
                        received, null, 0, 0, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO, false, true, 0, -1,
                        null)));
    }

    @Test
    void what_is_not_as_specified_over_quic_is_not_ok() {
        ConnectionReport closer = closer(ShutdownResult.CLEAN, QuicCloseDelivery.ON_WIRE, 0);
        ConnectionReport peer = peer(QuicDemo.CLOSE, QuicDemo.BYTES);

        assertThat(quicProblem(closer, peer, true)).isNull();
        assertThat(quicProblem(closer(ShutdownResult.FLUSH_FAILED, QuicCloseDelivery.ON_WIRE, 0), peer, true))
                .isEqualTo("closer: flush_failed");
        assertThat(quicProblem(closer(ShutdownResult.CLEAN, QuicCloseDelivery.NOT_SENT, 0), peer, true))
                .isEqualTo("CONNECTION_CLOSE not sent");
        assertThat(quicProblem(closer, peer(QuicConnectionClose.application(1, ""), QuicDemo.BYTES), true))
                .startsWith("error code or reason");
        assertThat(quicProblem(closer, peer(QuicDemo.CLOSE, QuicDemo.BYTES - 1), true)).startsWith("data lost");
        assertThat(quicProblem(closer(ShutdownResult.CLEAN, QuicCloseDelivery.ON_WIRE, 1), peer, true))
                .isEqualTo("bytes unacknowledged: 1");
        assertThat(quicProblem(closer(ShutdownResult.CLEAN, QuicCloseDelivery.ON_WIRE, 1),
                peer(QuicDemo.CLOSE, QuicDemo.BYTES - 1), false)).isNull();
        assertThat(quicProblem(closer, closer, true)).isEqualTo("CONNECTION_CLOSE lost");
    }

    private static String quicProblem(ConnectionReport closer, ConnectionReport peer, boolean flushed) {
        return QuicDemo.problem(new QuicDemo.Side(closer, ShutdownResult.CLEAN),
                new QuicDemo.Side(peer, ShutdownResult.CLEAN), flushed);
    }

    private static ConnectionReport closer(ShutdownResult result, QuicCloseDelivery delivery, long unacknowledged) {
        return new ConnectionReport("127.0.0.1:1", false, 0, QuicDemo.BYTES, Ending.of(new QuicShutdownOutcome(result,
                ShutdownInitiator.LOCAL, QuicShutdownMode.COMPLIANT, delivery, QuicDemo.CLOSE, false, unacknowledged,
                Duration.ZERO, Duration.ZERO, null), true));
    }

    private static ConnectionReport peer(QuicConnectionClose close, long bytes) {
        return new ConnectionReport("127.0.0.1:1", false, bytes, 0, Ending.of(new QuicShutdownOutcome(
                ShutdownResult.CLEAN, ShutdownInitiator.PEER, QuicShutdownMode.COMPLIANT,
                QuicCloseDelivery.PEER_CONFIRMED, close, true, 0, Duration.ZERO, Duration.ZERO, null), true));
    }
}
