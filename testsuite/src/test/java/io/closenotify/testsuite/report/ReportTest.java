package io.closenotify.testsuite.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How figures, fixed ones here, are told. */
class ReportTest {

    private static final Machine MACHINE =
            new Machine("2 × processor", "Linux 6, amd64", "JVM 17", 0.25, Map.of("Netty", "4.1"));

    @Test
    void a_ratio_is_the_median_of_the_turns_with_the_lowest_and_the_highest() {
        assertThat(table(new Measurement("time", "µs", List.of(10.0, 20.0, 30.0), List.of(11.0, 18.0, 36.0), null)))
                .contains("| time | µs | 20 | 18 | 1.100 (0.900 – 1.200) |  |  |");
    }

    @Test
    void a_goal_is_met_by_the_bound_itself() {
        assertThat(table(pair(100, 125).withGoal(Goal.Kind.RATIO_AT_MOST, 1.25)))
                .contains("| 1.250 | ≤ 1.25 | met |").contains("1 of 1 met.");
        assertThat(table(pair(100, 99).withGoal(Goal.Kind.RATIO_AT_LEAST, 0.99))).contains("| 0.990 | ≥ 0.99 | met |");
        assertThat(table(Measurement.alone("heap", "B", List.of(160.0)).withGoal(Goal.Kind.AT_MOST, 160)))
                .contains("| heap | B | – | 160 | – | ≤ 160 | met |");
    }

    @Test
    void a_missed_goal_is_told_as_missed_in_its_line_and_at_the_top() {
        String text = table(pair(100, 126).withGoal(Goal.Kind.RATIO_AT_MOST, 1.25));

        assertThat(text).contains("| 1.260 | ≤ 1.25 | **missed** |")
                .contains("0 of 1 met; missed:")
                .contains("- A part, time: ratio 1.260, goal ≤ 1.25.");
        assertThat(table(pair(1000, 989).withGoal(Goal.Kind.RATIO_AT_LEAST, 0.99))).contains("**missed**");
    }

    @Test
    void a_verdict_that_some_turns_contradict_says_so() {
        assertThat(table(new Measurement("rate", "1/s", List.of(1.0, 1.0, 1.0), List.of(1.1, 1.2, 0.9), null)
                .withGoal(Goal.Kind.RATIO_AT_LEAST, 1))).contains("| met, not in every turn |");
    }

    @Test
    void figures_without_a_counterpart_tell_their_spread() {
        assertThat(table(Measurement.alone("stall", "ms", List.of(1.5, 12_345.6, 40.0))))
                .contains("| stall | ms | – | 40 (1.50 – 12,346) | – |  |  |");
    }

    @Test
    void figures_that_are_no_pairs_are_refused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Measurement("x", "B", List.of(1.0), List.of(1.0, 2.0), null))
                .withMessageContaining("1 and 2");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Measurement.alone("x", "B", List.of(Double.NaN)).ofOurs());
    }

    @Test
    void a_part_that_failed_is_told_at_the_top_and_in_its_place_and_the_report_is_not_complete() {
        Part failed = new Part("drain", "Drain", 3, null, "exit code 1\nwhat was said last");
        Report report = report(part(pair(1, 1)), failed);

        assertThat(report.isComplete()).isFalse();
        assertThat(Markdown.of(report)).contains("- **Drain failed**: see there.")
                .contains("## Drain\n\n**This part failed**, and has no figures:\n\n```\nexit code 1\nwhat was");
        assertThat(report(part(pair(1, 1))).isComplete()).isTrue();
    }

    @Test
    void the_machine_the_command_and_the_time_are_told() {
        assertThat(Markdown.of(report(part(pair(1, 1))))).contains("```\nmake it\n```", "2026-11-22, in 1 min 5 s",
                "| processors | 2 × processor |", "| load before | 0.25 |", "| Netty | 4.1 |");
    }

    @Test
    void text_figures_and_plots_are_written(@TempDir Path directory) throws IOException {
        Plot plot = new Plot("Closes a second", "connections", "1/s", Plot.Scale.LOGARITHMIC, List.of(
                new Plot.Line("stock Netty", List.of(new Plot.Point(100, new Summary(5, 4, 6)),
                        new Plot.Point(1_000, new Summary(50, 40, 70)))),
                new Plot.Line("Closenotify", List.of(new Plot.Point(100, new Summary(7, 7, 7))))));
        Part part = new Part("a", "A part", 1, new Section("About.", Section.STOCK, List.of(pair(2, 3)), List.of(plot)),
                null);

        report(part).writeTo(directory);

        assertThat(directory.resolve("performance.md")).content()
                .contains("![Closes a second](performance/closes-a-second.svg)");
        assertThat(directory.resolve("performance/closes-a-second.svg")).content()
                .contains("<svg", ">Closes a second</text", ">stock Netty</text", ">Closenotify</text");
        Report read = JSON.std.beanFrom(Report.class, directory.resolve("performance.json").toFile());
        assertThat(read.parts()).isEqualTo(List.of(part));
        assertThat(Files.list(directory)).hasSize(3);
    }

    private static String table(Measurement measurement) {
        return Markdown.of(report(part(measurement)));
    }

    private static Measurement pair(double other, double ours) {
        return new Measurement("time", "µs", List.of(other), List.of(ours), null);
    }

    private static Part part(Measurement measurement) {
        return new Part("a", "A part", 65, new Section("About.", Section.STOCK, List.of(measurement), List.of()), null);
    }

    private static Report report(Part... parts) {
        return new Report("make it", "2026-11-22", MACHINE, List.of(parts));
    }
}
