package io.closenotify.testsuite.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Bytes allocated by the measured part alone. JMH's {@code gc} profiler counts what the setup and the teardown of an
 * iteration allocate as well; for benchmarks that say where their measured part begins and ends, this one does not.
 */
public final class MeasuredAllocation implements InternalProfiler {

    static final String NORM = "measured.alloc.norm";

    private static final LongAdder BYTES = new LongAdder();
    private static final LongAdder OPERATIONS = new LongAdder();

    /** Marks the measured part; for one thread. */
    static final class Meter {

        private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        private long before;

        void start() {
            before = threads.getCurrentThreadAllocatedBytes();
        }

        void stop(int operations) {
            BYTES.add(threads.getCurrentThreadAllocatedBytes() - before);
            OPERATIONS.add(operations);
        }
    }

    @Override
    public String getDescription() {
        return "Bytes allocated by the measured part";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        BYTES.reset();
        OPERATIONS.reset();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        long operations = OPERATIONS.sum();
        return operations == 0
                ? List.of()
                : List.of(new ScalarResult(NORM, (double) BYTES.sum() / operations, "B/op", AggregationPolicy.AVG));
    }
}
