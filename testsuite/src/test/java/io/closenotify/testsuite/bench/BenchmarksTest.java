package io.closenotify.testsuite.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testsuite.report.Section;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Benchmarks check what they measure themselves; here each runs just once. */
@Timeout(120)
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

    @ParameterizedTest
    @EnumSource(value = ReportPart.class, names = {"SHUTDOWN_TIMERS", "TLS_GROWTH", "QUIC_GROWTH", "DTLS_RATES",
        "DTLS_GROWTH"})
    void a_part_of_the_report_measures_both_sides(ReportPart part) throws Exception {
        Section found = part.measure(Effort.QUICK);

        assertThat(found.measurements()).isNotEmpty()
                .allSatisfy(line -> assertThat(line.other()).hasSameSizeAs(line.ours()));
    }

    @Test
    void a_part_that_is_not_done_in_time_or_fails_is_told_as_failed() throws Exception {
        assertThat(PartProcess.run(ReportPart.SHUTDOWN_TIMERS, Effort.QUICK, Duration.ofMillis(1)).failure())
                .startsWith("not done within");
    }

    @Test
    void an_unknown_part_is_a_usage_error() {
        assertThat(PerformanceReport.run("--only", "nothing")).isEqualTo(2);
    }

    @Test
    void timers_are_counted() {
        EmbeddedChannel channel = new EmbeddedChannel();
        long before = Timers.givenTo(channel.eventLoop());
        channel.eventLoop().schedule(() -> { }, 1, TimeUnit.HOURS);
        channel.eventLoop().execute(() -> { });
        assertThat(Timers.givenTo(channel.eventLoop()) - before).isEqualTo(1);
        channel.finishAndReleaseAll();
    }
}
