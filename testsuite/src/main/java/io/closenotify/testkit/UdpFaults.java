package io.closenotify.testkit;

import static java.util.Objects.requireNonNull;

import io.closenotify.testkit.DatagramRule.Verdict;
import java.time.Duration;
import java.util.SplittableRandom;

/** What happens to the datagrams of one direction on which no rule decides, and how long all of them take. */
record UdpFaults(double loss, double duplicates, double reorder, Duration delay, int holdFor, Duration holdAtMost) {

    private static final Duration LONGEST = Duration.ofHours(1);
    static final UdpFaults NONE = new UdpFaults(0, 0, 0, Duration.ZERO, 1, Duration.ofMillis(100));

    UdpFaults {
        checkRate("loss", loss);
        checkRate("duplicates", duplicates);
        checkRate("reorder", reorder);
        checkTime("delay", delay);
        checkTime("atMost", holdAtMost);
        if (holdFor < 1) {
            throw new IllegalArgumentException("datagrams: " + holdFor + " (expected: >= 1)");
        }
    }

    private static void checkRate(String name, double rate) {
        if (!(rate >= 0 && rate <= 1)) {
            throw new IllegalArgumentException(name + ": " + rate + " (expected: 0 to 1)");
        }
    }

    private static void checkTime(String name, Duration time) {
        requireNonNull(time, name);
        if (time.isNegative() || time.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(name + ": " + time + " (expected: PT0S to " + LONGEST + ')');
        }
    }

    UdpFaults withLoss(double rate) {
        return new UdpFaults(rate, duplicates, reorder, delay, holdFor, holdAtMost);
    }

    UdpFaults withDuplicates(double rate) {
        return new UdpFaults(loss, rate, reorder, delay, holdFor, holdAtMost);
    }

    UdpFaults withReorder(double rate) {
        return new UdpFaults(loss, duplicates, rate, delay, holdFor, holdAtMost);
    }

    UdpFaults withDelay(Duration oneWay) {
        return new UdpFaults(loss, duplicates, reorder, oneWay, holdFor, holdAtMost);
    }

    UdpFaults withHold(int datagrams, Duration atMost) {
        return new UdpFaults(loss, duplicates, reorder, delay, datagrams, atMost);
    }

    /** Always takes the same number of random numbers, so that the n-th datagram meets the n-th ones. */
    Verdict draw(SplittableRandom random) {
        boolean lost = random.nextDouble() < loss;
        boolean duplicated = random.nextDouble() < duplicates;
        boolean held = random.nextDouble() < reorder;
        if (lost) {
            return Verdict.DROP;
        }
        if (duplicated) {
            return Verdict.DUPLICATE;
        }
        return held ? Verdict.HOLD : Verdict.PASS;
    }
}
