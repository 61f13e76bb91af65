package io.closenotify.testsuite.bench;

import io.closenotify.testsuite.report.Figures;
import io.closenotify.testsuite.report.Goal;
import io.closenotify.testsuite.report.Section;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** The JMH benchmarks, turn by turn: in each turn every variant has a JVM of its own. */
final class JmhTurns {

    private static final int TURNS = 3;
    private static final int SHUTDOWN_TURNS = 2;
    private static final int SHUTDOWN_WARMUP = 12;
    private static final double STEADY_STATE = 0.99;
    private static final double SHUTDOWN_TIME = 1;
    private static final double SHUTDOWN_BYTES = 1.25;
    private static final double MEDIAN = 50;
    private static final double LATE = 99;

    private JmhTurns() {
    }

    static Section steadyTls(Effort effort) throws RunnerException {
        Figures figures = new Figures();
        for (int turn = 0; turn < effort.of(TURNS, 1); turn++) {
            run(options(effort, PassThroughBenchmark.class, Mode.Throughput, 400, 5)
                    .param("size", effort.of(new String[] {"64", "16384"}, new String[] {"64"})), row -> {
                        String what = row.scenario().get("engine") + ", " + row.scenario().get("size") + " bytes: ";
                        throughput(figures, what + "round trips", "1/ms", row);
                        bytes(figures, what + "allocated a round trip", row);
                    });
            run(options(effort, PassThroughBenchmark.class, Mode.SampleTime, 400, 3).param("size", "64"),
                    row -> latency(figures, row.scenario().get("engine") + ", 64 bytes: round trip", 1e3, row));
        }
        return new Section("""
                An established TLS 1.3 connection on which nobody shuts down: a message there and back, both ends in \
                memory with the same pipeline and engine, without sockets or threads: any cost of the handler shows \
                twice and undiluted. Latency are percentiles of single round trips.""",
                Section.STOCK, figures.measurements(), List.of());
    }

    static Section steadyQuic(Effort effort) throws RunnerException {
        Figures figures = new Figures();
        for (int turn = 0; turn < effort.of(TURNS, 1); turn++) {
            run(options(effort, QuicPassThroughBenchmark.class, Mode.Throughput, 1_000, 3)
                    .param("size", Integer.toString(QuicPassThroughBenchmark.MEGABYTE)), row -> {
                        throughput(figures, "megabytes", "1/s", row);
                        bytes(figures, "allocated a megabyte", row);
                    });
            run(options(effort, QuicPassThroughBenchmark.class, Mode.SampleTime, 500, 3).param("size", "64"),
                    row -> latency(figures, "64 bytes, one way", 1e6, row));
        }
        return new Section("""
                An established QUIC connection on which nobody shuts down: a megabyte on a stream, over loopback, \
                both ends on one event loop with the same pipelines. Latency are percentiles of the time that 64 \
                bytes take to the peer's application, the hop to the event loop and back included.""",
                Section.STOCK, figures.measurements(), List.of());
    }

    static Section shutdown(Effort effort) throws RunnerException {
        Figures figures = new Figures();
        for (int turn = 0; turn < effort.of(SHUTDOWN_TURNS, 1); turn++) {
            run(options(effort, ShutdownBenchmark.class, Mode.SingleShotTime, 1, 10), row -> {
                Map<String, String> scenario = row.scenario();
                String what = scenario.get("mode") + ", " + scenario.get("engine") + " " + scenario.get("protocol");
                figures.other(what + ": time", "µs", percentile(row.stock(), MEDIAN));
                figures.ours(what + ": time", "µs", percentile(row.ours(), MEDIAN));
                figures.goal(what + ": time", Goal.Kind.RATIO_AT_MOST, SHUTDOWN_TIME);
                bytes(figures, what + ": allocated", row);
                figures.goal(what + ": allocated", Goal.Kind.RATIO_AT_MOST, SHUTDOWN_BYTES);
            });
        }
        return new Section("""
                One shutdown, in memory, of the side that begins it: `close()` and, for `BIDIRECTIONAL`, the peer's \
                answer. Beside it what stock Netty has nearest: for `BIDIRECTIONAL` with a closeNotifyReadTimeout, \
                for without it does not wait; for `FAST` its default; for `QUIET` a close past the `SslHandler`. The \
                linger is zero, for stock has none. Batches of 32 established connections, each batch a single shot: \
                the code is as warm as in a server that closes connections now and then, not as in a tight loop.""",
                Section.STOCK, figures.measurements(), List.of());
    }

    private static ChainedOptionsBuilder options(
            Effort effort, Class<?> benchmark, Mode mode, int millis, int iterations) {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("\\." + benchmark.getSimpleName() + "\\.")
                .mode(mode)
                .measurementIterations(effort.of(iterations, 1));
        if (mode == Mode.SingleShotTime) {
            options.warmupIterations(SHUTDOWN_WARMUP);
        } else {
            options.warmupIterations(effort.of(4, 0)).warmupTime(TimeValue.milliseconds(millis))
                    .measurementTime(TimeValue.milliseconds(effort.of(millis, 20)));
        }
        return effort == Effort.FULL ? options : options.forks(0).warmupIterations(0);
    }

    private static void run(ChainedOptionsBuilder options, Consumer<Comparison.Row> each) throws RunnerException {
        new Comparison(Benchmarks.run(options.build())).rows().forEach(each);
    }

    private static void throughput(Figures figures, String what, String unit, Comparison.Row row) {
        figures.other(what, unit, percentile(row.stock(), MEDIAN));
        figures.ours(what, unit, percentile(row.ours(), MEDIAN));
        figures.goal(what, Goal.Kind.RATIO_AT_LEAST, STEADY_STATE);
    }

    private static void bytes(Figures figures, String what, Comparison.Row row) {
        Result<?> stock = Comparison.Row.bytes(row.stock());
        Result<?> ours = Comparison.Row.bytes(row.ours());
        if (stock != null && ours != null) {
            figures.other(what, "B", stock.getScore());
            figures.ours(what, "B", ours.getScore());
        }
    }

    private static void latency(Figures figures, String what, double micros, Comparison.Row row) {
        for (double percentile : new double[] {MEDIAN, LATE}) {
            String name = String.format(Locale.ROOT, "%s, p%.0f", what, percentile);
            figures.other(name, "µs", percentile(row.stock(), percentile) * micros);
            figures.ours(name, "µs", percentile(row.ours(), percentile) * micros);
        }
    }

    private static double percentile(RunResult run, double percentile) {
        return run.getPrimaryResult().getStatistics().getPercentile(percentile);
    }
}
