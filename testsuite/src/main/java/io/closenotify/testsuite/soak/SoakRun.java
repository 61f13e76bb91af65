package io.closenotify.testsuite.soak;

import io.closenotify.testkit.LeakAndLogRecorder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Makes connections, some at once, in windows; between two of them nothing is left but what the process holds. */
final class SoakRun implements AutoCloseable {

    private static final Duration COLLECTION = Duration.ofSeconds(30);

    private final long seed;
    private final int connectionsAtOnce;
    private final long pinnedByOthers = Footprint.pinnedNow();
    private final Endpoints endpoints = new Endpoints();
    private final LeakAndLogRecorder log = LeakAndLogRecorder.start();
    private final ExecutorService workers;
    private final AtomicLong next = new AtomicLong();
    private final Tally tally = new Tally();
    private final List<Footprint> footprints = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();

    SoakRun(long seed, int connectionsAtOnce) throws Exception {
        this.seed = seed;
        this.connectionsAtOnce = connectionsAtOnce;
        workers = Executors.newFixedThreadPool(connectionsAtOnce);
    }

    Tally tally() {
        return tally;
    }

    List<Footprint> footprints() {
        return footprints;
    }

    /** What is wrong apart from verdicts: leaks, growth, warnings. */
    List<String> complaints() {
        return complaints;
    }

    /** Runs one scenario. */
    Report only(long number) {
        Report report = run(Scenario.draw(seed, number));
        tally.add(report);
        return report;
    }

    /** Makes connections as long as there is to be one more, and waits for all of them. */
    void window(BooleanSupplier more, Consumer<Tally> progress) throws Exception {
        List<Future<?>> running = new ArrayList<>();
        for (int worker = 0; worker < connectionsAtOnce; worker++) {
            running.add(workers.submit(() -> {
                while (more.getAsBoolean()) {
                    only(next.getAndIncrement());
                    progress.accept(tally);
                }
            }));
        }
        for (Future<?> worker : running) {
            worker.get();
        }
        takeStock();
    }

    private Report run(Scenario<?> scenario) {
        try {
            return scenario.run(endpoints);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Report.failed(scenario, e);
        } catch (Exception e) {
            return Report.failed(scenario, e);
        }
    }

    private void takeStock() throws Exception {
        Footprint now = Footprint.of(endpoints.loops());
        complaints.addAll(now.leftBehind(pinnedByOthers));
        if (!log.provokeLeakReports(COLLECTION)) {
            complaints.add("no garbage was collected within " + COLLECTION + ": leaks may be unreported");
        }
        log.takeLeaks().forEach(leak -> complaints.add("leak: " + leak));
        log.takeWarnings().forEach(warning -> complaints.add("logged: " + warning));
        footprints.add(now);
    }

    /** Compares the last window with the first one that found everything loaded. */
    void judgeGrowth() {
        if (footprints.size() > 2) {
            complaints.addAll(footprints.get(footprints.size() - 1).grownSince(footprints.get(1)));
        }
    }

    @Override
    public void close() {
        workers.shutdown();
        endpoints.close();
        log.close();
    }
}
