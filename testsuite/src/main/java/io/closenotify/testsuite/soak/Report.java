package io.closenotify.testsuite.soak;

import io.closenotify.ConnectionOutcome;
import java.util.List;

/**
 * What came of one connection.
 *
 * @param scenario what it went through
 * @param outcomes the outcomes of its two ends, the client's first
 * @param wrong what the oracle has to say against their outcomes
 */
record Report(Scenario<?> scenario, List<ConnectionOutcome> outcomes, List<String> wrong) {

    /** The ends could not be judged, because they never came so far. */
    static Report failed(Scenario<?> scenario, Throwable failure) {
        return new Report(scenario, List.of(), List.of("the run failed: " + failure));
    }
}
