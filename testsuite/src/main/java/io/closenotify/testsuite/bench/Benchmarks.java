package io.closenotify.testsuite.bench;

import java.util.Arrays;
import java.util.Collection;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Makes the performance report; or runs JMH's benchmarks alone and prints, after JMH's own output, how this library
 * compares with stock Netty. JMH's options go before the settings of the benchmarks: {@code -h} lists them.
 */
public final class Benchmarks {

    private static final String REPORT = "report";
    static final String STOCK = "stock";
    static final String CLOSENOTIFY = "closenotify";

    private Benchmarks() {
    }

    /**
     * Runs the benchmarks.
     *
     * @param arguments {@code report} and its own, or JMH's
     */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 0 && arguments[0].equals(REPORT)) {
            System.exit(PerformanceReport.run(Arrays.copyOfRange(arguments, 1, arguments.length)));
        }
        CommandLineOptions commandLine;
        try {
            commandLine = new CommandLineOptions(arguments);
        } catch (CommandLineOptionException e) {
            System.err.println(e.getMessage());
            System.exit(2);
            return;
        }
        Runner runner = new Runner(options(commandLine));
        if (commandLine.shouldHelp()) {
            commandLine.showHelp();
        } else if (commandLine.shouldList()) {
            runner.list();
        } else if (commandLine.shouldListWithParams()) {
            runner.listWithParams(commandLine);
        } else {
            run(runner);
        }
    }

    private static void run(Runner runner) {
        try {
            System.out.println(new Comparison(runner.run()));
        } catch (RunnerException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    /** What the command line leaves open is as the benchmarks say; a failed check fails the run. */
    static Options options(Options commandLine) {
        return new OptionsBuilder()
                .parent(commandLine)
                .addProfiler(GCProfiler.class)
                .addProfiler(MeasuredAllocation.class)
                .shouldFailOnError(true)
                .build();
    }

    static Collection<RunResult> run(Options options) throws RunnerException {
        return new Runner(options(options)).run();
    }
}
