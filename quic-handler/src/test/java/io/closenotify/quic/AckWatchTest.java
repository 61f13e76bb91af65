package io.closenotify.quic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

/**
 * Drives the watch by a sender that follows RFC 9002 as quiche does, over networks that lose, delay, reorder, change
 * their round-trip time and die, with event loops that are late. What it claims is held against what the sender knows.
 */
class AckWatchTest {

    static final int MOST_PACKETS = 400;

    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000_000_000;
    private static final int HISTORIES = 200_000;
    private static final int EVENTS = 250;
    private static final long SEED = 0x0c10_5e70_71f1L;

    @Test
    void nothing_is_claimed_while_something_is_in_flight() {
        long claims = 0;
        long dead = 0;
        long shortIdle = 0;
        for (int history = 0; history < HISTORIES; history++) {
            History run = new History(SEED + history, AckWatchTest::wild);
            run.play();
            claims += run.claims;
            dead += run.largestBackOff > 2 ? 1 : 0;
            shortIdle += run.backOffBeyondIdle ? 1 : 0;
        }
        System.out.printf("AckWatch: %d histories, %d claims, none early; %d with a back-off of 8 and more, "
                + "%d with a back-off beyond the idle timeout%n", HISTORIES, claims, dead, shortIdle);
        assertThat(claims).as("claims at all").isGreaterThan(HISTORIES);
        assertThat(dead).as("histories with a dead path").isGreaterThan(HISTORIES / 50);
        assertThat(shortIdle).as("histories with an idle timer before the loss timer").isGreaterThan(HISTORIES / 50);
    }

    @Test
    void nothing_in_flight_is_claimed_soon_after_the_last_acknowledgement_where_timeouts_are_sane() {
        long latest = 0;
        int claimed = 0;
        for (int history = 0; history < HISTORIES / 20; history++) {
            History run = new History(SEED - history, AckWatchTest::sane);
            run.play();
            if (run.longestSilence > latest) {
                latest = run.longestSilence;
            }
            claimed += run.claims > 0 ? 1 : 0;
            assertThat(run.longestSilence).as("history " + history + ": " + run).isLessThan(300 * MILLI);
        }
        System.out.printf("AckWatch: at most %.1f ms after the last acknowledgement in %d sane histories%n",
                latest / 1e6, claimed);
        assertThat(claimed).isGreaterThan(HISTORIES / 20 * 9 / 10);
    }

    /** What the network, the peer and the event loop of one history are like. */
    private record World(
            double rtt, double jitter, double spikes, double lossOut, double lossIn, double changes, double deaths,
            long idleTimeout, long maxAckDelay, boolean obedientPeer, double looksAfterBatches, long lookInterval,
            double lateness, long latestBy, int burst, double closes) {
    }

    private static World wild(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return new World(
                logarithmic(random, 20_000, 2 * SECOND), pick(random, 0, 0.05, 0.5, 3), pick(random, 0, 0, 0.05, 0.3),
                pick(random, 0, 0.02, 0.2, 0.6), pick(random, 0, 0.02, 0.2, 0.6), pick(random, 0, 0, 0.05, 0.2),
                pick(random, 0, 0, 0.02, 0.1),
                random.nextInt(8) == 0 ? 0 : (long) logarithmic(random, 20 * MILLI, 60 * SECOND),
                (long) pick(random, 0, 1, 25, 400) * MILLI, random.nextInt(4) > 0,
                pick(random, 0, 0.1, 0.9, 1), (long) logarithmic(random, 5 * MILLI, 10 * SECOND),
                pick(random, 0, 0.1, 1), (long) logarithmic(random, 10_000, 2 * SECOND), 1 + random.nextInt(12),
                pick(random, 0, 0, 0, 0.01));
    }

    private static World sane(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return new World(
                logarithmic(random, 100_000, 300 * MILLI), pick(random, 0.01, 0.05, 0.2), 0,
                pick(random, 0, 0.02, 0.1), pick(random, 0, 0.02, 0.1), 0, 0,
                30 * SECOND, 25 * MILLI, true, 1, 250 * MILLI, 1, 2 * MILLI, 1 + random.nextInt(12), 0);
    }

    private static double pick(SplittableRandom random, double... values) {
        return values[random.nextInt(values.length)];
    }

    private static double logarithmic(SplittableRandom random, double from, double to) {
        return from * Math.pow(to / from, random.nextDouble());
    }

    private enum Kind { WRITE, AT_PEER, ACK_DUE, ACK_ARRIVES, DATA_ARRIVES, CHANGE, CLOSE_ARRIVES }

    private record Event(long time, Kind kind, int packet, boolean[] acked, long ackDelay) {
    }

    private static final class History {

        private final World world;
        private final SplittableRandom random;
        private final SimulatedSender sender;
        private final AckWatch watch;
        private final PriorityQueue<Event> events =
                new PriorityQueue<>((a, b) -> Long.compare(a.time(), b.time()));
        private final boolean[] atPeer = new boolean[MOST_PACKETS];
        private long now = 1_000 * SECOND;
        private double rtt;
        private boolean deadOut;
        private boolean deadIn;
        private boolean ackPending;
        private long firstUnacknowledged;
        private int onWire;
        private long nextLook;
        private long owedUntil;
        private boolean unclaimed;
        private long claims;
        private long longestSilence;
        private int largestBackOff;
        private boolean backOffBeyondIdle;

        History(long seed, LongFunction<World> worlds) {
            world = worlds.apply(seed);
            random = new SplittableRandom(seed ^ 0x5eed);
            rtt = world.rtt();
            sender = new SimulatedSender(world.idleTimeout(), world.maxAckDelay(), now);
            watch = new AckWatch(sender, now, true);
            nextLook = now + 1 + (long) (random.nextDouble() * world.lookInterval());
            add(now + 1, Kind.WRITE);
        }

        void play() {
            for (int count = 0; count < EVENTS && !sender.isFull(); count++) {
                long timer = sender.deadline() == Long.MAX_VALUE ? Long.MAX_VALUE
                        : Math.max(now, sender.deadline()) + late();
                Event first = events.peek();
                long event = first == null ? Long.MAX_VALUE : first.time();
                long time = Math.min(nextLook, Math.min(timer, event));
                now = Math.max(now, time);
                sender.at(now);
                if (time == event) {
                    events.remove();
                    happens(first);
                } else if (time == timer) {
                    sender.timedOut();
                    flush();
                    if (world.looksAfterBatches() > 0) {
                        nextLook = Math.min(nextLook, now + MILLI);
                    }
                } else {
                    look(false);
                    nextLook = now + world.lookInterval() + late();
                }
                largestBackOff = Math.max(largestBackOff, sender.backOff());
                backOffBeyondIdle |= sender.backOff() > 0 && sender.owes() && world.idleTimeout() > 0
                        && (long) rtt << sender.backOff() > world.idleTimeout();
                if (sender.isClosed()) {
                    look(false);
                    return;
                }
            }
        }

        private long late() {
            return random.nextDouble() < world.lateness() ? (long) (random.nextDouble() * world.latestBy()) : 0;
        }

        private void happens(Event event) {
            switch (event.kind()) {
                case WRITE -> {
                    sender.write(1 + random.nextInt(world.burst()));
                    flush();
                    // The next burst: soon, or after everything has come to rest.
                    add(now + (long) (random.nextDouble() * (random.nextBoolean() ? rtt : 20 * rtt + SECOND)),
                            Kind.WRITE);
                    if (random.nextInt(4) == 0) {
                        add(now + delay(), Kind.DATA_ARRIVES);
                    }
                    if (random.nextDouble() < world.changes()) {
                        add(now + (long) (random.nextDouble() * 5 * rtt), Kind.CHANGE);
                    }
                    if (random.nextDouble() < world.deaths()) {
                        deadOut = random.nextInt(3) > 0;
                        deadIn = !deadOut || random.nextInt(3) == 0;
                    } else if (random.nextInt(8) == 0) {
                        deadOut = false;
                        deadIn = false;
                    }
                    if (random.nextDouble() < world.closes()) {
                        add(now + delay(), Kind.CLOSE_ARRIVES);
                    }
                }
                case AT_PEER -> {
                    atPeer[event.packet()] = true;
                    if (ackPending || event.packet() % 3 == 0) {
                        acknowledge();
                    } else {
                        ackPending = true;
                        firstUnacknowledged = now;
                        double most = world.obedientPeer() ? 1 : 3;
                        add(now + (long) (random.nextDouble() * most * world.maxAckDelay()), Kind.ACK_DUE);
                    }
                }
                case ACK_DUE -> {
                    if (ackPending) {
                        acknowledge();
                    }
                }
                case ACK_ARRIVES -> arrives(() -> {
                    boolean owed = sender.owes();
                    sender.receivedAck(event.acked(), event.acked().length, event.ackDelay());
                    if (owed && !sender.owes()) {
                        owedUntil = now;
                        unclaimed = true;
                    }
                });
                case DATA_ARRIVES -> arrives(() -> {
                    sender.received();
                    sender.sendAck();
                });
                case CLOSE_ARRIVES -> arrives(() -> {
                    if (random.nextBoolean()) {
                        // A request in the same batch, and an answer that is not sent before the batch is read.
                        sender.received();
                        sender.write(1);
                    }
                    sender.receivedClose();
                    watch.ended();
                });
                case CHANGE -> rtt = Math.min(20 * SECOND,
                        Math.max(10_000, rtt * logarithmic(random, 0.005, 200)));
            }
        }

        private void arrives(Runnable packet) {
            packet.run();
            flush();
            if (random.nextDouble() < world.looksAfterBatches()) {
                // Only if every batch is looked at was the acknowledgement in the last one.
                look(world.looksAfterBatches() == 1);
            }
        }

        private void acknowledge() {
            long ackDelay = ackPending ? now - firstUnacknowledged : 0;
            ackPending = false;
            if (!deadIn && random.nextDouble() >= world.lossIn()) {
                int bound = sender.send();
                events.add(new Event(now + delay(), Kind.ACK_ARRIVES, 0, Arrays.copyOf(atPeer, bound), ackDelay));
            }
        }

        /** What the sender has sent goes on its way. */
        private void flush() {
            int end = sender.send();
            for (; onWire < end; onWire++) {
                if (!deadOut && random.nextDouble() >= world.lossOut()) {
                    events.add(new Event(now + delay(), Kind.AT_PEER, onWire, null, 0));
                }
            }
            if (sender.deadline() <= now) {
                // The codec runs a timer that is overdue within its sending, and sends nothing behind it.
                sender.timedOut();
            }
        }

        private long delay() {
            double delay = rtt / 2 * (1 + random.nextDouble() * world.jitter());
            return (long) (random.nextDouble() < world.spikes() ? delay * (1 + random.nextInt(100)) : delay);
        }

        private void add(long time, Kind kind) {
            events.add(new Event(time, kind, 0, null, 0));
        }

        private void look(boolean behindBatch) {
            boolean claimed = watch.nothingInFlight(now, behindBatch);
            if (!claimed && watch.hasLossesToSendAgain()) {
                watch.sendAll();
                flush();
                claimed = watch.nothingInFlight(now);
            }
            if (claimed) {
                claims++;
                if (sender.owes()) {
                    throw new AssertionError("claimed while something is in flight: " + this);
                }
            }
            if (watch.nothingWasInFlight() && sender.owes()) {
                throw new AssertionError("claimed in retrospect while something was in flight: " + this);
            }
            if (unclaimed) {
                longestSilence = Math.max(longestSilence, now - owedUntil);
                unclaimed = !claimed && !sender.owes();
            }
        }

        @Override
        public String toString() {
            return sender + " in " + world;
        }
    }
}
