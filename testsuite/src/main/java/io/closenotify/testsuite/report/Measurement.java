package io.closenotify.testsuite.report;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The same thing, measured of both in turns: the n-th figure of one belongs to the n-th of the other.
 *
 * @param what what was measured
 * @param unit of the figures
 * @param other the other's figures; none if the other does not have it
 * @param ours as many
 * @param goal what they should come to, if anything
 */
public record Measurement(String what, String unit, List<Double> other, List<Double> ours, @Nullable Goal goal) {

    /** Checks that they are pairs. */
    public Measurement {
        if (ours.isEmpty() || (!other.isEmpty() && other.size() != ours.size())) {
            throw new IllegalArgumentException(what + ": " + other.size() + " and " + ours.size()
                    + " figures (expected: at least one, as many of either)");
        }
        if (goal != null && goal.isOfRatio() && other.isEmpty()) {
            throw new IllegalArgumentException(what + ": a goal for a ratio that there is not");
        }
    }

    /** Whether a goal was reached. */
    public enum Verdict {

        /** The median reaches it. */
        MET,

        /** It does not. */
        MISSED
    }

    /**
     * Makes one of figures that have no counterpart.
     *
     * @param what what was measured
     * @param unit of the figures
     * @param ours the figures
     * @return the measurement, without a goal
     */
    public static Measurement alone(String what, String unit, List<Double> ours) {
        return new Measurement(what, unit, List.of(), ours, null);
    }

    /**
     * Sets the goal.
     *
     * @param kind of what
     * @param bound the last good figure
     * @return the measurement with it
     */
    public Measurement withGoal(Goal.Kind kind, double bound) {
        return new Measurement(what, unit, other, ours, new Goal(kind, bound));
    }

    /**
     * Returns the other's figures.
     *
     * @return their summary, or {@code null} if it has none
     */
    public @Nullable Summary ofOther() {
        return other.isEmpty() ? null : Summary.of(other.stream().mapToDouble(Double::doubleValue));
    }

    /**
     * Returns our figures.
     *
     * @return their summary
     */
    public Summary ofOurs() {
        return Summary.of(ours.stream().mapToDouble(Double::doubleValue));
    }

    /**
     * Returns the ratios of ours to the other's, turn by turn.
     *
     * @return their summary, or {@code null} if there are none
     */
    public @Nullable Summary ratio() {
        return other.isEmpty() || other.contains(0.0) ? null
                : Summary.of(IntStream.range(0, ours.size()).mapToDouble(turn -> ours.get(turn) / other.get(turn)));
    }

    /**
     * Returns whether the goal was reached.
     *
     * @return by the median, or {@code null} if there is no goal
     */
    public @Nullable Verdict verdict() {
        return goal == null ? null : goal.isMetBy(judged().median()) ? Verdict.MET : Verdict.MISSED;
    }

    /** Whether some turns would have reached the goal, and others not. */
    boolean isDivided() {
        return goal != null && goal.isMetBy(judged().lowest()) != goal.isMetBy(judged().highest());
    }

    private Summary judged() {
        return requireNonNull(goal).isOfRatio() ? requireNonNull(ratio(), what) : ofOurs();
    }
}
