package io.closenotify.examples.cli;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import com.github.freva.asciitable.OverflowBehaviour;
import io.closenotify.examples.probe.HtmlReport;
import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.Prober;
import io.closenotify.examples.probe.Verdict;
import io.closenotify.examples.probe.Verdict.Grade;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code probe}: audits how peers close. */
@Command(name = "probe", description = {
    "Audits how a peer closes: one verdict a line, with the rule that it rests on.",
    "Grades: good; weak: allowed or harmless, but others do better; bad: breaks a rule, loses data or leaks"
            + " connections; unknown: could not be found out.",
    "Exit 0 if every peer is safe, 1 if a verdict is bad or a peer could not be audited."})
@SuppressWarnings("NullAway.Init")
final class ProbeCommand implements Callable<Integer> {

    private static final int WIDEST_FINDING = 60;
    private static final int WIDEST_RULE = 50;

    @Spec
    private CommandSpec command;

    /** Not converted by picocli, which calls what it cannot convert unmatched. */
    @Parameters(paramLabel = "HOST:PORT", arity = "0..*", description = "Whom to audit.")
    private List<String> targets = List.of();

    @Option(names = "--hosts", paramLabel = "FILE", converter = ReadableFile.class,
            description = "More of them, one HOST:PORT a line; empty lines and those that begin with # do not count.")
    private @Nullable File hosts;

    @Mixin
    private ProbeOptions options;

    @Option(names = "--parallel", paramLabel = "N", defaultValue = "4", converter = Numbers.Count.class,
            description = "How many peers to audit at the same time (default: ${DEFAULT-VALUE}).")
    private int parallel;

    @Option(names = "--html", paramLabel = "FILE",
            description = "Write a page with a diagram of every connection, too.")
    private @Nullable Path html;

    @Option(names = "--json", description = "Print one JSON object a peer instead of tables.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        List<HostAndPort> all = allTargets();
        Prober prober = options.prober();
        refuseForeignFile();
        List<ProbeReport> reports = audit(all, prober);
        if (!json) {
            print(reports);
        }
        if (html != null) {
            HtmlReport.write(html, reports);
        }
        return reports.stream().allMatch(ProbeReport::safe) ? 0 : 1;
    }

    private List<HostAndPort> allTargets() throws IOException {
        List<HostAndPort> all = new ArrayList<>();
        for (String target : targets) {
            all.add(target("HOST:PORT", target));
        }
        if (hosts != null) {
            for (String line : Files.readAllLines(hosts.toPath())) {
                String entry = line.strip();
                if (!entry.isEmpty() && !entry.startsWith("#")) {
                    all.add(target("--hosts", entry));
                }
            }
        }
        if (all.isEmpty()) {
            throw new ParameterException(command.commandLine(),
                    "HOST:PORT: none (expected: one at least, here or in the file of --hosts)");
        }
        return all;
    }

    private HostAndPort target(String from, String text) {
        try {
            return new HostAndPort.Converter().convert(text);
        } catch (TypeConversionException e) {
            throw new ParameterException(command.commandLine(), from + ": " + e.getMessage(), e);
        }
    }

    /** Before the audit, not behind it. */
    private void refuseForeignFile() {
        if (html != null) {
            Path folder = html.toAbsolutePath().getParent();
            if (Files.isDirectory(html) || folder == null || !Files.isWritable(folder)) {
                throw new ParameterException(command.commandLine(),
                        "--html: " + html + " (expected: a file that can be written)");
            }
        }
    }

    private List<ProbeReport> audit(List<HostAndPort> all, Prober prober) throws InterruptedException {
        JsonLines lines = new JsonLines(command.commandLine().getOut());
        ExecutorService threads = Executors.newFixedThreadPool(Math.min(parallel, all.size()));
        try (@Nullable ProgressBar progress = progress(all.size())) {
            List<Future<ProbeReport>> running = new ArrayList<>();
            for (HostAndPort target : all) {
                running.add(threads.submit(() -> {
                    ProbeReport report = audit(target, prober);
                    if (progress != null) {
                        progress.step();
                    }
                    return report;
                }));
            }
            List<ProbeReport> reports = new ArrayList<>();
            for (Future<ProbeReport> each : running) {
                try {
                    reports.add(each.get());
                } catch (ExecutionException e) {
                    throw new IllegalStateException(e.getCause());
                }
                if (json) {
                    lines.write(ProbeJson.fields(reports.get(reports.size() - 1)));
                }
            }
            return reports;
        } finally {
            threads.shutdownNow();
        }
    }

    /** One peer that brings the audit to grief does not cost the reports of the others. */
    private ProbeReport audit(HostAndPort target, Prober prober) throws InterruptedException {
        Instant started = Instant.now();
        try {
            return prober.audit(target.host(), target.port());
        } catch (RuntimeException e) {
            return new ProbeReport(target.toString(), options.protocol(), "", started,
                    Duration.between(started, Instant.now()), List.of(), List.of(), Failures.describe(e));
        }
    }

    /** For several peers, and people who watch. */
    private static @Nullable ProgressBar progress(int peers) {
        if (peers < 2 || !Terminal.isPresent()) {
            return null;
        }
        return new ProgressBarBuilder().setTaskName("probe").setInitialMax(peers).build();
    }

    private void print(List<ProbeReport> reports) {
        PrintWriter out = command.commandLine().getOut();
        for (ProbeReport report : reports) {
            out.println(heading(report));
            if (!report.verdicts().isEmpty()) {
                out.println(AsciiTable.getTable(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS, report.verdicts(), List.of(
                        left("Question").with(Verdict::question),
                        left("Grade").with(verdict -> Labels.of(verdict.grade())),
                        left("Finding").maxWidth(WIDEST_FINDING, OverflowBehaviour.NEWLINE).with(Verdict::finding),
                        left("Rule").maxWidth(WIDEST_RULE, OverflowBehaviour.NEWLINE).with(Verdict::rule))));
            }
            out.println(result(report));
            out.println();
        }
        if (reports.size() > 1) {
            out.println(AsciiTable.getTable(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS, reports, List.of(
                    left("Peer").with(ProbeReport::target),
                    left("Result").with(report -> report.safe() ? "safe" : report.failure() == null ? "NOT SAFE"
                            : "not audited"),
                    count("Good", Grade.GOOD), count("Weak", Grade.WEAK), count("Bad", Grade.BAD),
                    count("Unknown", Grade.UNKNOWN),
                    new Column().header("ms").with(report -> Long.toString(report.elapsed().toMillis())))));
        }
        out.flush();
    }

    private static String heading(ProbeReport report) {
        return report.target() + ", " + Labels.of(report.protocol())
                + (report.negotiated().isEmpty() ? "" : ": " + report.negotiated());
    }

    private static String result(ProbeReport report) {
        if (report.failure() != null) {
            return report.target() + " could not be audited: " + report.failure();
        }
        String took = String.format(Locale.ROOT, " (%d connections, %.1f s)", report.exchanges().size(),
                report.elapsed().toMillis() / 1e3);
        return report.target() + (report.safe() ? " is safe" : " is NOT SAFE: " + count(report, Grade.BAD) + " bad")
                + took;
    }

    private static ColumnData<ProbeReport> count(String header, Grade grade) {
        return new Column().header(header).with(report -> Long.toString(count(report, grade)));
    }

    private static long count(ProbeReport report, Grade grade) {
        return report.verdicts().stream().filter(verdict -> verdict.grade() == grade).count();
    }

    private static Column left(String header) {
        return new Column().header(header).dataAlign(HorizontalAlign.LEFT);
    }
}
