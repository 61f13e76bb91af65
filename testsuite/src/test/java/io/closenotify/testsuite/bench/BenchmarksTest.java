package io.closenotify.testsuite.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.quic.QuicShutdownPolicy;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Benchmarks check what they measure themselves; here each runs just once. */
@Timeout(60)
class BenchmarksTest {

    private static final int PASS_THROUGH = 2 * 3 * 2;
    private static final int SHUTDOWN = 2 * 3 * 2 * 2;
    private static final int QUIC = 2 + 3 * 2 * 2;

    @Test
    void every_benchmark_runs_in_every_variant() throws RunnerException {
        Options once = new OptionsBuilder()
                .include("io.closenotify.testsuite.bench")
                .param("connections", "5")
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(5))
                .verbosity(VerboseMode.SILENT)
                .build();

        Collection<RunResult> results = Benchmarks.run(once);

        assertThat(results).hasSize(PASS_THROUGH + SHUTDOWN + QUIC);
        assertThat(new Comparison(results).toString().lines())
                .filteredOn(line -> line.matches(".*\\d\\.\\d{3} ± .*"))
                .hasSize((PASS_THROUGH + SHUTDOWN + QUIC) / 2);
    }

    @Test
    void quic_delivery_at_close_is_complete_without_loss() throws Exception {
        assertThat(QuicDeliveryAtClose.run(QuicShutdownPolicy.compliant(), 0, 2))
                .isEqualTo(new QuicDeliveryAtClose.Delivery(2, 2, 2, 2));
    }

    @Test
    void quic_flush_time_ends_behind_the_arrival_of_the_last_byte() throws Exception {
        assertThat(QuicFlushTime.run(new QuicFlushTime.Scenario(Duration.ofMillis(2), 0, 10_000), 2))
                .hasSize(2)
                .allSatisfy(sample -> {
                    assertThat(sample.lastByteNanos()).isPositive();
                    assertThat(sample.outcomeNanos()).isGreaterThan(sample.lastByteNanos());
                });
    }

    @Test
    void quic_linger_footprint_measures_each_kind() throws Exception {
        assertThat(QuicLingerFootprint.idle(2).count()).isEqualTo(4);
        assertThat(QuicLingerFootprint.lingering(2).count()).isEqualTo(2);
        assertThat(QuicLingerFootprint.made(100, 2).count()).isEqualTo(100);
    }

    @Test
    void dtls_rates_measure_every_operation_of_both_servers() throws Exception {
        List<DtlsRates.Row> rows = DtlsRates.run(0, 2, 3, 10);

        assertThat(rows).extracting(DtlsRates.Row::operation).containsExactly(DtlsRates.Operation.values());
        assertThat(rows).allSatisfy(row -> {
            assertThat(row.rounds()).containsOnlyKeys(DtlsServer.values());
            assertThat(row.rounds().values()).allSatisfy(rounds -> assertThat(rounds).hasSize(2).doesNotContainNull());
        });
    }

    @Test
    void dtls_footprint_measures_both_servers() throws Exception {
        assertThat(DtlsFootprint.run(1, 2, 3))
                .containsOnlyKeys(DtlsServer.values())
                .allSatisfy((server, rounds) -> assertThat(rounds).hasSize(2));
    }
}
