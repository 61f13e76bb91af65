package io.closenotify.testsuite.bench;

import static java.util.Objects.requireNonNull;

import io.closenotify.testsuite.report.Machine;
import io.closenotify.testsuite.report.Part;
import io.closenotify.testsuite.report.Report;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs every part of the report, one after the other, and writes it. */
@Command(name = "report", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Measures Closenotify beside stock Netty, and Scandium for DTLS, in some twenty minutes on "
                + "two idle cores.",
            "Writes performance.md, performance.json and performance/*.svg.",
            "Exits with 1 if a part failed, which the report tells then; missed goals do not matter."})
final class PerformanceReport implements Callable<Integer> {

    /** For all parts, however many are slow. */
    private static final Duration LIMIT = Duration.ofMinutes(25);

    @Option(names = "--quick", description = "The same in little, within two minutes: the figures say nothing.")
    private boolean quick;

    @Option(names = "--only", split = ",", paramLabel = "PART", description = "Of ${COMPLETION-CANDIDATES}.")
    private List<ReportPart> only = List.of();

    @Parameters(arity = "0..1", paramLabel = "DIR", defaultValue = "target/performance-report",
            description = "Where to write it (${DEFAULT-VALUE}).")
    private Path directory = Path.of("");

    static int run(String... arguments) {
        return new CommandLine(new PerformanceReport())
                .registerConverter(ReportPart.class, PerformanceReport::part)
                .execute(arguments);
    }

    private static ReportPart part(String name) {
        return Arrays.stream(ReportPart.values()).filter(part -> part.toString().equals(name)).findFirst()
                .orElseThrow(() -> new CommandLine.TypeConversionException(
                        name + " (expected: one of " + Arrays.toString(ReportPart.values()) + ")"));
    }

    @Override
    public Integer call() throws Exception {
        Effort effort = quick ? Effort.QUICK : Effort.FULL;
        Machine machine = Machine.current(versions());
        List<Part> parts = new ArrayList<>();
        long start = System.nanoTime();
        for (ReportPart part : only.isEmpty() ? List.of(ReportPart.values()) : only) {
            Duration left = LIMIT.minusNanos(System.nanoTime() - start);
            Part done = left.isNegative()
                    ? new Part(part.toString(), part.title(), 0, null, "not begun: the time for the report was over")
                    : PartProcess.run(part, effort, left.compareTo(part.limit()) < 0 ? left : part.limit());
            System.err.printf("%-16s %4.0f s%s%n", part, done.seconds(),
                    done.failure() == null ? "" : " FAILED: " + done.failure());
            parts.add(done);
        }
        Report report = new Report(command(), LocalDate.now(ZoneOffset.UTC).toString(), machine, parts);
        report.writeTo(directory);
        return report.isComplete() ? 0 : 1;
    }

    private String command() {
        StringBuilder command = new StringBuilder("mvn -q -DskipTests package\n"
                + "java -jar testsuite/target/benchmarks.jar report");
        if (quick) {
            command.append(" --quick");
        }
        if (!only.isEmpty()) {
            command.append(" --only ").append(String.join(",", only.stream().map(ReportPart::toString).toList()));
        }
        return command.toString();
    }

    private static Map<String, String> versions() throws IOException {
        Properties versions = new Properties();
        try (InputStream file = requireNonNull(PerformanceReport.class.getResourceAsStream("versions.properties"))) {
            versions.load(file);
        }
        return versions.stringPropertyNames().stream().collect(Collectors.toMap(name -> name, versions::getProperty));
    }
}
