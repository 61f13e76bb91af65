package io.closenotify.testsuite.report;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes a {@link Report} for people. */
final class Markdown {

    /** The directory of the plots, beside the text. */
    static final String PLOTS = "performance";

    private static final String NOTHING = "–";

    private Markdown() {
    }

    static String of(Report report) {
        return String.join("\n\n", Stream.of(
                        Stream.of("# Performance", introduction(report), machine(report), goals(report)),
                        report.parts().stream().map(Markdown::part))
                .flatMap(texts -> texts).toList()) + '\n';
    }

    private static String introduction(Report report) {
        return """
                What Closenotify costs, beside stock Netty (Scandium for DTLS) in the same run, in turns. Made by

                ```
                %s
                ```

                from %s, in %s. Each line holds what both came to, the ratio of Closenotify to the other, and the \
                goal. Figures are medians over the turns; of the ratios, which are taken turn by turn, the lowest \
                and the highest follow in brackets: where they lie far apart, the median says little. A goal is met \
                or missed by the median; a verdict that some turns contradict says so. `performance.json` has every \
                figure."""
                .formatted(report.command(), report.date(),
                        duration(report.parts().stream().mapToDouble(Part::seconds).sum()));
    }

    private static String duration(double seconds) {
        long whole = Math.round(seconds);
        return whole < 60 ? whole + " s" : whole / 60 + " min " + whole % 60 + " s";
    }

    private static String machine(Report report) {
        Machine machine = report.machine();
        return """
                | | |
                |---|---|
                | processors | %s |
                | load before | %s |
                | system | %s |
                | JVM | %s |
                """.formatted(machine.processors(),
                        machine.loadBefore() < 0 ? "not known"
                                : String.format(Locale.ROOT, "%.2f", machine.loadBefore()),
                        machine.system(), machine.java())
                + machine.versions().entrySet().stream()
                        .map(version -> "| " + version.getKey() + " | " + version.getValue() + " |")
                        .collect(Collectors.joining("\n"));
    }

    /** The failures first, then the goals. */
    private static String goals(Report report) {
        String failed = report.parts().stream().filter(part -> part.failure() != null)
                .map(part -> "- **" + part.title() + " failed**: see there.").collect(Collectors.joining("\n"));
        List<Measurement> all = report.parts().stream().map(Part::section).filter(Objects::nonNull)
                .flatMap(section -> section.measurements().stream()).toList();
        long met = all.stream().filter(has(Measurement.Verdict.MET)).count();
        String missed = report.parts().stream().filter(part -> part.section() != null)
                .flatMap(part -> section(part).measurements().stream().filter(has(Measurement.Verdict.MISSED))
                        .map(line -> "- " + part.title() + ", " + line.what() + ": " + judged(line) + ", goal "
                                + goal(line.goal()) + "."))
                .collect(Collectors.joining("\n"));
        long misses = all.stream().filter(has(Measurement.Verdict.MISSED)).count();
        return Stream.of("## Goals", failed,
                        met + " of " + (met + misses) + " met" + (misses == 0 ? "." : "; missed:"), missed)
                .filter(Predicate.not(String::isEmpty)).collect(Collectors.joining("\n\n"));
    }

    private static Predicate<Measurement> has(Measurement.Verdict verdict) {
        return line -> line.verdict() == verdict;
    }

    private static Section section(Part part) {
        return Objects.requireNonNull(part.section());
    }

    private static String part(Part part) {
        String text = part.section() == null
                ? "**This part failed**, and has no figures:\n\n```\n" + part.failure() + "\n```"
                : section(part.section());
        return "## " + part.title() + "\n\n" + text + "\n\n(`--only " + part.name() + "`, " + duration(part.seconds())
                + ")";
    }

    private static String section(Section section) {
        Stream<String> plots = section.plots().stream()
                .map(plot -> "![" + plot.title() + "](" + PLOTS + "/" + plot.file() + ")");
        return Stream.concat(Stream.of(section.about().strip(), table(section)), plots)
                .collect(Collectors.joining("\n\n"));
    }

    private static String table(Section section) {
        return "| | unit | " + section.other() + " | Closenotify | ratio | goal | |\n|---|---|---:|---:|---:|---|---|\n"
                + section.measurements().stream().map(Markdown::line).collect(Collectors.joining("\n"));
    }

    private static String line(Measurement line) {
        Summary other = line.ofOther();
        return Stream.of(line.what(), line.unit(), other == null ? NOTHING : figure(other.median()),
                        // Without a ratio the spread is told here.
                        other == null && line.ours().size() > 1
                                ? spread(line.ofOurs()) : figure(line.ofOurs().median()),
                        ratio(line.ratio(), line.ours().size()), goal(line.goal()), verdict(line))
                .collect(Collectors.joining(" | ", "| ", " |"));
    }

    private static String judged(Measurement line) {
        boolean ratio = line.goal() != null && line.goal().isOfRatio();
        return ratio ? "ratio " + ratio(line.ratio(), line.ours().size())
                : figure(line.ofOurs().median()) + " " + line.unit();
    }

    private static String ratio(@Nullable Summary ratio, int turns) {
        if (ratio == null) {
            return NOTHING;
        }
        return turns == 1 ? String.format(Locale.ROOT, "%.3f", ratio.median())
                : String.format(Locale.ROOT, "%.3f (%.3f – %.3f)", ratio.median(), ratio.lowest(), ratio.highest());
    }

    private static String spread(Summary figures) {
        return figure(figures.median()) + " (" + figure(figures.lowest()) + " – " + figure(figures.highest()) + ")";
    }

    private static String goal(@Nullable Goal goal) {
        if (goal == null) {
            return "";
        }
        String sign = goal.kind() == Goal.Kind.RATIO_AT_LEAST ? "≥ " : "≤ ";
        return sign + (goal.isOfRatio() ? String.format(Locale.ROOT, "%.2f", goal.bound()) : figure(goal.bound()));
    }

    private static String verdict(Measurement line) {
        Measurement.Verdict verdict = line.verdict();
        if (verdict == null) {
            return "";
        }
        return (verdict == Measurement.Verdict.MET ? "met" : "**missed**")
                + (line.isDivided() ? ", not in every turn" : "");
    }

    private static String figure(double figure) {
        if (figure == Math.rint(figure) || Math.abs(figure) >= 1_000) {
            return String.format(Locale.ROOT, "%,d", Math.round(figure));
        }
        return String.format(Locale.ROOT, Math.abs(figure) < 10 ? "%.2f" : "%.1f", figure);
    }
}
