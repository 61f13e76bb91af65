package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import java.time.Duration;
import java.util.Arrays;
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
        assertThat(result.lines()).hasSize((int) providers * 6).allSatisfy(row -> {
            assertThat(row.keySet()).startsWith("event", "protocol", "version", "provider", "mode", "result", "ok");
            assertThat(row).containsEntry("event", "row").containsEntry("protocol", "tls").containsEntry("ok", true);
        });
        assertThat(result.lines()).extracting(row -> row.get("provider") + " " + row.get("version") + " "
                + row.get("mode")).doesNotHaveDuplicates();
    }

    @Test
    void table_has_a_line_a_row() {
        Cli.Result result = Cli.run("demo");

        assertThat(result.exit()).isZero();
        assertThat(result.out()).filteredOn(line -> line.startsWith("| TLS 1.")).hasSizeGreaterThanOrEqualTo(6);
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

    private static String problem(ShutdownMode mode, ConnectionReport client, ConnectionReport server) {
        return DemoSpecification.of(mode).problem(client, server, BYTES);
    }

    private static ConnectionReport report(ShutdownResult result, boolean received, long bytes) {
        return new ConnectionReport("127.0.0.1:1", false, bytes, bytes, new ShutdownOutcome(result,
                ShutdownInitiator.LOCAL, ShutdownMode.BIDIRECTIONAL, true, received, null, 0, 0, 0, Duration.ZERO,
                Duration.ZERO, Duration.ZERO, true, null));
    }
}
