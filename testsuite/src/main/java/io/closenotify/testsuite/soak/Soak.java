package io.closenotify.testsuite.soak;

import io.netty.util.ResourceLeakDetector;
import java.time.Duration;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The soak as a program. */
@Command(name = "soak", mixinStandardHelpOptions = true, description = {
    "Makes TLS, DTLS and QUIC connections under random faults, and compares the outcomes of both ends with what the"
            + " relay between them did.",
    "Exit 0 if no verdict was wrong and nothing leaked or grew, 1 otherwise."})
final class Soak implements Callable<Integer> {

    private static final int WINDOWS = 5;

    @Option(names = "--duration", defaultValue = "PT5M", description = "How long (default: ${DEFAULT-VALUE}).")
    private Duration duration = Duration.ZERO;

    @Option(names = "--seed", defaultValue = "1",
            description = "What the scenarios are drawn from (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--connections-at-once", defaultValue = "24", description = "Default: ${DEFAULT-VALUE}.")
    private int connectionsAtOnce;

    @Option(names = "--only", paramLabel = "N", description = "Run the scenario of this number, and no other.")
    private @Nullable Long only;

    private Soak() {
    }

    /**
     * Runs the soak.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        System.exit(new CommandLine(new Soak()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        try (SoakRun run = new SoakRun(seed, connectionsAtOnce)) {
            if (only == null) {
                runWindows(run);
            } else {
                Report report = run.only(only);
                System.out.println(report.scenario());
                report.outcomes().forEach(System.out::println);
            }
            return report(run);
        }
    }

    private void runWindows(SoakRun run) throws Exception {
        long start = System.nanoTime();
        try (ProgressBar bar = new ProgressBarBuilder().setTaskName("soak").setInitialMax(duration.toSeconds())
                .setUpdateIntervalMillis(5_000).build()) {
            for (int window = 1; window <= WINDOWS; window++) {
                long end = start + duration.toNanos() / WINDOWS * window;
                run.window(() -> System.nanoTime() - end < 0, tally -> {
                    bar.stepTo(Duration.ofNanos(System.nanoTime() - start).toSeconds());
                    bar.setExtraMessage(tally.connections() + " connections, " + tally.wrong().size() + " wrong");
                });
            }
        }
        run.judgeGrowth();
    }

    private int report(SoakRun run) {
        System.out.println(run.tally().table());
        run.footprints().forEach(System.out::println);
        for (Report report : run.tally().wrong()) {
            System.out.printf("wrong: --seed %d --only %d%n  %s%n", seed, report.scenario().number(),
                    report.scenario());
            report.outcomes().forEach(outcome -> System.out.println("  " + outcome));
            report.wrong().forEach(complaint -> System.out.println("  - " + complaint));
        }
        run.complaints().forEach(System.out::println);
        System.out.printf("seed %d: %d connections, %d wrong, %d complaints%n", seed, run.tally().connections(),
                run.tally().wrong().size(), run.complaints().size());
        return run.tally().wrong().isEmpty() && run.complaints().isEmpty() ? 0 : 1;
    }
}
