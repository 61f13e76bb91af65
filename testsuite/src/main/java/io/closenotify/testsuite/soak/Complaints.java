package io.closenotify.testsuite.soak;

import io.closenotify.testkit.Direction;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** Collects what does not hold of one end. */
final class Complaints {

    private final Direction sends;
    private final List<String> found = new ArrayList<>();

    Complaints(Direction sends) {
        this.sends = sends;
    }

    /** Those of either end, which is named by the direction it sends in. */
    static List<String> ofBothEnds(Function<Direction, List<String>> judge) {
        return Stream.of(Direction.values()).map(judge).flatMap(List::stream).toList();
    }

    /** The outcomes' Javadoc: "delivered exactly once"; OutcomeFuture: succeeds only if the outcome does. */
    void requireOneOutcome(Evidence.Ended end) {
        require(end.outcomes() == 1, "one outcome, but " + end.outcomes());
        require(end.futureAgrees(), "the future tells what the outcome does");
    }

    /** What must hold, in words. */
    void require(boolean holds, String rule) {
        if (!holds) {
            found.add((sends == Direction.TO_SERVER ? "client: " : "server: ") + rule);
        }
    }

    List<String> found() {
        return found;
    }
}
