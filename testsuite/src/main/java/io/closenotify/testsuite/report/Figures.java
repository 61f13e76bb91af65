package io.closenotify.testsuite.report;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Collects figures, turn by turn. */
public final class Figures {

    private final Map<String, Line> lines = new LinkedHashMap<>();

    private static final class Line {

        private final String unit;
        private final List<Double> other = new ArrayList<>();
        private final List<Double> ours = new ArrayList<>();
        private @Nullable Goal goal;

        Line(String unit) {
            this.unit = unit;
        }
    }

    /**
     * Adds a figure of the other's.
     *
     * @param what was measured; lines of the same name are one
     * @param unit of the figure
     * @param figure a number
     */
    public void other(String what, String unit, double figure) {
        line(what, unit).other.add(figure);
    }

    /**
     * Adds one of ours.
     *
     * @param what was measured
     * @param unit of the figure
     * @param figure a number
     */
    public void ours(String what, String unit, double figure) {
        line(what, unit).ours.add(figure);
    }

    /**
     * Sets a goal for what was measured.
     *
     * @param what was measured
     * @param kind of goal
     * @param bound the last good figure
     */
    public void goal(String what, Goal.Kind kind, double bound) {
        requireNonNull(lines.get(what), what).goal = new Goal(kind, bound);
    }

    private Line line(String what, String unit) {
        return lines.computeIfAbsent(what, name -> new Line(unit));
    }

    /**
     * Returns one of the measurements.
     *
     * @param what was measured
     * @return its figures so far
     */
    public Measurement of(String what) {
        Line line = requireNonNull(lines.get(what), what);
        return new Measurement(what, line.unit, List.copyOf(line.other), List.copyOf(line.ours), line.goal);
    }

    /**
     * Returns all of them.
     *
     * @return in the order of their first figures
     */
    public List<Measurement> measurements() {
        return lines.keySet().stream().map(this::of).toList();
    }
}
