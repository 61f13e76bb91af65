package io.closenotify.testsuite.report;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * What several figures of the same thing come to.
 *
 * @param median the middle one, which leaves out who else was running
 * @param lowest the lowest
 * @param highest the highest
 */
public record Summary(double median, double lowest, double highest) {

    /**
     * Sums up.
     *
     * @param figures at least one
     * @return their summary
     */
    public static Summary of(DoubleStream figures) {
        double[] sorted = figures.sorted().toArray();
        if (sorted.length == 0) {
            throw new IllegalArgumentException("figures: none (expected: at least one)");
        }
        if (Arrays.stream(sorted).anyMatch(Double::isNaN)) {
            throw new IllegalArgumentException("figures: " + Arrays.toString(sorted) + " (expected: numbers)");
        }
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Summary(median, sorted[0], sorted[sorted.length - 1]);
    }
}
