package io.closenotify.testsuite.bench;

import java.util.stream.DoubleStream;

/** The middle of several figures, which leaves out who else was running. */
final class Medians {

    private Medians() {
    }

    static double of(DoubleStream figures) {
        double[] sorted = figures.sorted().toArray();
        int middle = sorted.length / 2;
        if (sorted.length == 0) {
            return Double.NaN;
        }
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
