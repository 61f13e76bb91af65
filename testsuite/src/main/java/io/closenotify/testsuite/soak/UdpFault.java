package io.closenotify.testsuite.soak;

import io.closenotify.testkit.DatagramRule;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.UdpFaultRelay;
import java.time.Duration;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * What a relay does to datagrams.
 *
 * @param kind what it is
 * @param direction what it is done to, unless to both
 * @param bothWays whether to both
 * @param rate how many datagrams it befalls
 * @param time how long it takes
 */
record UdpFault(Kind kind, Direction direction, boolean bothWays, double rate, Duration time) {

    /** The kinds; the harmless ones first. */
    enum Kind {
        NONE, DELAY, DUPLICATES, REORDER, HOLE_HEALED, LOSS, HOLE
    }

    static UdpFault draw(SplittableRandom random) {
        return new UdpFault(Scenario.oneOf(random, Kind.class), Scenario.oneOf(random, Direction.class),
                random.nextBoolean(), 0.02 + random.nextDouble(0.15), Duration.ofMillis(1 + random.nextInt(20)));
    }

    String title() {
        return kind == Kind.NONE ? Scenario.NO_FAULT : kind.name().toLowerCase(Locale.ROOT).replace("_", ", ");
    }

    /** Nothing is kept from anybody. */
    boolean isHarmless() {
        return kind.compareTo(Kind.HOLE_HEALED) < 0;
    }

    boolean befalls(Direction one) {
        return bothWays || direction == one;
    }

    UdpFaultRelay.Builder on(UdpFaultRelay.Builder relay, long seed, DatagramRule wire) {
        relay.seed(seed).rule(wire);
        for (Direction each : Direction.values()) {
            if (befalls(each)) {
                switch (kind) {
                    case DELAY -> relay.delay(each, time);
                    case DUPLICATES -> relay.duplicates(each, rate);
                    case REORDER -> relay.reorder(each, rate).hold(each, 2, time);
                    case LOSS -> relay.loss(each, rate);
                    case NONE, HOLE, HOLE_HEALED -> {
                        // The rule does it, once the connection is established.
                    }
                }
            }
        }
        return relay;
    }
}
