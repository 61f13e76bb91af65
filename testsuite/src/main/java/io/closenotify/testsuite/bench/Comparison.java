package io.closenotify.testsuite.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * The ratios of this library's figures to stock Netty's, a table for each benchmark.
 *
 * <p>The error of a ratio is propagated from JMH's 99.9 % confidence intervals of the two figures, as if they were
 * independent. On a busy machine the ratio of the medians says more: it leaves out who else was running.
 */
final class Comparison {

    private static final String VARIANT = "variant";
    private static final String GC_NORM = "gc.alloc.rate.norm";

    private final Map<String, List<Row>> tables = new LinkedHashMap<>();

    /** The same scenario, measured twice. */
    record Row(Map<String, String> scenario, RunResult stock, RunResult ours) {

        private Ratio score() {
            return Ratio.of(stock.getPrimaryResult(), ours.getPrimaryResult());
        }

        private Ratio bytes() {
            return Ratio.of(bytes(stock), bytes(ours));
        }

        static @Nullable Result<?> bytes(RunResult run) {
            Result<?> measured = run.getSecondaryResults().get(MeasuredAllocation.NORM);
            return measured != null ? measured : run.getSecondaryResults().get(GC_NORM);
        }
    }

    /** A figure of either, and their ratio. */
    private record Ratio(double stock, double ours, double error, double ofMedians) {

        static Ratio of(@Nullable Result<?> stock, @Nullable Result<?> ours) {
            if (stock == null || ours == null) {
                return new Ratio(Double.NaN, Double.NaN, Double.NaN, Double.NaN);
            }
            double error = Math.hypot(stock.getScoreError() / stock.getScore(), ours.getScoreError() / ours.getScore());
            return new Ratio(stock.getScore(), ours.getScore(), error * ours.getScore() / stock.getScore(),
                    ours.getStatistics().getPercentile(50) / stock.getStatistics().getPercentile(50));
        }

        @Override
        public String toString() {
            // A single measurement has no error.
            String margin = Double.isNaN(error) ? "?" : String.format(Locale.ROOT, "%.3f", error);
            return String.format(Locale.ROOT, "%.3f ± %s", ours / stock, margin);
        }
    }

    Comparison(Collection<RunResult> results) {
        Map<String, Map<Map<String, String>, RunResult>> stock = new LinkedHashMap<>();
        results.forEach(run -> byVariant(run, Benchmarks.STOCK, stock));
        Map<String, Map<Map<String, String>, RunResult>> ours = new LinkedHashMap<>();
        results.forEach(run -> byVariant(run, Benchmarks.CLOSENOTIFY, ours));
        stock.forEach((benchmark, scenarios) -> scenarios.forEach((scenario, run) -> {
            RunResult counterpart = ours.getOrDefault(benchmark, Map.of()).get(scenario);
            if (counterpart != null) {
                tables.computeIfAbsent(benchmark, name -> new ArrayList<>())
                        .add(new Row(scenario, run, counterpart));
            }
        }));
    }

    List<Row> rows() {
        return tables.values().stream().flatMap(List::stream).toList();
    }

    private static void byVariant(
            RunResult run, String variant, Map<String, Map<Map<String, String>, RunResult>> found) {
        BenchmarkParams parameters = run.getParams();
        if (variant.equals(parameters.getParam(VARIANT))) {
            Map<String, String> scenario = new TreeMap<>();
            parameters.getParamsKeys().forEach(key -> scenario.put(key, parameters.getParam(key)));
            scenario.remove(VARIANT);
            found.computeIfAbsent(parameters.getBenchmark(), name -> new LinkedHashMap<>()).put(scenario, run);
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        tables.forEach((benchmark, rows) -> text
                .append(System.lineSeparator())
                .append(benchmark.replaceFirst("^.*\\.(\\w+\\.\\w+)$", "$1"))
                .append(", closenotify / stock")
                .append(System.lineSeparator())
                .append(AsciiTable.getTable(rows, columns(rows.get(0)))));
        return text.toString();
    }

    private static List<ColumnData<Row>> columns(Row first) {
        List<ColumnData<Row>> columns = new ArrayList<>();
        first.scenario.keySet().forEach(key -> columns.add(
                new Column().header(key).dataAlign(HorizontalAlign.LEFT).with(row -> row.scenario.get(key))));
        String unit = first.stock.getPrimaryResult().getScoreUnit();
        columns.add(number(unit + " stock", row -> figure(row.score().stock)));
        columns.add(number(unit + " closenotify", row -> figure(row.score().ours)));
        columns.add(number("ratio", row -> row.score().toString()));
        columns.add(number("of medians", row -> String.format(Locale.ROOT, "%.3f", row.score().ofMedians)));
        columns.add(number("B/op stock", row -> figure(row.bytes().stock)));
        columns.add(number("B/op closenotify", row -> figure(row.bytes().ours)));
        columns.add(number("ratio", row -> row.bytes().toString()));
        return columns;
    }

    private static ColumnData<Row> number(String header, Function<Row, String> value) {
        return new Column().header(header).dataAlign(HorizontalAlign.RIGHT).with(value);
    }

    private static String figure(double value) {
        return String.format(Locale.ROOT, value < 1000 ? "%.2f" : "%.0f", value);
    }
}
