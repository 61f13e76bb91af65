package io.closenotify.testsuite.soak;

import io.closenotify.ConnectionOutcome;
import io.closenotify.testkit.Direction;
import java.util.List;

/**
 * All that is known of a connection: what the ends were told, and what the relay did.
 *
 * @param <T> what an end is told
 */
interface Evidence<T extends Evidence.Ended> {

    /** What every end is told, when all is over. */
    interface Ended {

        ConnectionOutcome outcome();

        /** How many events told of it. */
        int outcomes();

        /** Whether the future it asked with, if in time, succeeded just if the outcome is a success. */
        boolean futureAgrees();
    }

    T client();

    T server();

    default T sender(Direction direction) {
        return direction == Direction.TO_SERVER ? client() : server();
    }

    default List<ConnectionOutcome> outcomes() {
        return List.of(client().outcome(), server().outcome());
    }
}
