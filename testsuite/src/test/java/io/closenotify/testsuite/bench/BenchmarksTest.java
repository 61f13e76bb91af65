package io.closenotify.testsuite.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
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

    @Test
    void every_benchmark_runs_in_every_variant() throws RunnerException {
        Options once = new OptionsBuilder()
                .include("io.closenotify.testsuite.bench")
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(5))
                .verbosity(VerboseMode.SILENT)
                .build();

        Collection<RunResult> results = Benchmarks.run(once);

        assertThat(results).hasSize(PASS_THROUGH + SHUTDOWN);
        assertThat(new Comparison(results).toString().lines())
                .filteredOn(line -> line.matches(".*\\d\\.\\d{3} ± .*"))
                .hasSize((PASS_THROUGH + SHUTDOWN) / 2);
    }
}
