package io.closenotify.testsuite.peers;

import io.closenotify.testkit.DatagramRule;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.UdpFaultRelay;
import io.closenotify.testsuite.Waits;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What passes by between DTLS peers, told without their keys by the headers, and what is done to it. */
final class DtlsWire implements DatagramRule {

    /** What a datagram may hold. */
    enum Kind {
        /** A datagram of no bytes, which is none of DTLS. */
        EMPTY,
        HELLO_VERIFY_REQUEST, CERTIFICATE, NEW_SESSION_TICKET, CHANGE_CIPHER_SPEC, FINISHED, DATA,
        /** An encrypted one: close_notify, where nothing goes wrong. */
        ALERT
    }

    private static final int RECORD_HEADER = 13;
    private static final int HANDSHAKE = 22;

    private record Kept(InetSocketAddress client, byte[] bytes) {
    }

    private record Once(Direction direction, Kind kind, Verdict verdict) {
    }

    private final Map<Direction, Passed> passed =
            Map.of(Direction.TO_SERVER, new Passed(), Direction.TO_CLIENT, new Passed());
    private final List<Once> once = new CopyOnWriteArrayList<>();
    private final Map<Direction, BlockingQueue<Kept>> kept = Map.of(
            Direction.TO_SERVER, new LinkedBlockingQueue<>(), Direction.TO_CLIENT, new LinkedBlockingQueue<>());
    private volatile boolean keepsAlerts;
    private volatile boolean spoils = true;

    /** Does something to the first datagram that holds this. */
    void once(Direction direction, Kind kind, Verdict verdict) {
        once.add(new Once(direction, kind, verdict));
    }

    /** Whether what was asked for by {@link #once} has been done. */
    boolean isDone() {
        return once.isEmpty();
    }

    /** Whether the rates of the relay apply; they do by default. */
    void spoils(boolean now) {
        spoils = now;
    }

    /** Keeps alerts back from now on. */
    void keepAlerts() {
        keepsAlerts = true;
    }

    /** Waits until an alert is kept back, and returns what sends it on. */
    Runnable keptAlert(UdpFaultRelay relay, Direction direction) throws InterruptedException {
        Kept alert = Waits.next(kept.get(direction), "alert " + direction);
        return () -> relay.send(direction, alert.client(), Unpooled.wrappedBuffer(alert.bytes()));
    }

    /** How many datagrams of a direction held this so far, repetitions and what is lost included. */
    int count(Direction direction, Kind kind) {
        return passed.get(direction).count(kind);
    }

    /** Waits until there are as many. */
    void await(Direction direction, Kind kind, int count) throws InterruptedException {
        passed.get(direction).await(kind, count);
    }

    @Override
    public Verdict decide(Datagram datagram) {
        Set<Kind> kinds = kinds(datagram.content());
        passed.get(datagram.direction()).add(kinds);
        if (keepsAlerts && kinds.contains(Kind.ALERT)) {
            byte[] bytes = new byte[datagram.length()];
            datagram.content().get(bytes);
            kept.get(datagram.direction()).add(new Kept(datagram.client(), bytes));
            return Verdict.DROP;
        }
        for (Once one : once) {
            if (one.direction() == datagram.direction() && kinds.contains(one.kind())) {
                once.remove(one);
                return one.verdict();
            }
        }
        return spoils ? Verdict.UNDECIDED : Verdict.PASS;
    }

    private static Set<Kind> kinds(ByteBuffer datagram) {
        Set<Kind> kinds = EnumSet.noneOf(Kind.class);
        int record = datagram.position();
        if (!datagram.hasRemaining()) {
            kinds.add(Kind.EMPTY);
        }
        while (datagram.limit() - record > RECORD_HEADER) {
            boolean isProtected = datagram.getShort(record + 3) != 0;
            switch (datagram.get(record)) {
                case 20 -> kinds.add(Kind.CHANGE_CIPHER_SPEC);
                case 21 -> {
                    if (isProtected) {
                        kinds.add(Kind.ALERT);
                    }
                }
                case HANDSHAKE -> {
                    if (isProtected) {
                        kinds.add(Kind.FINISHED);
                    } else {
                        addHandshake(datagram.get(record + RECORD_HEADER), kinds);
                    }
                }
                case 23 -> kinds.add(Kind.DATA);
                default -> throw new IllegalStateException("record: " + datagram.get(record));
            }
            record += RECORD_HEADER + Short.toUnsignedInt(datagram.getShort(record + 11));
        }
        return kinds;
    }

    private static void addHandshake(byte type, Set<Kind> kinds) {
        switch (type) {
            case 3 -> kinds.add(Kind.HELLO_VERIFY_REQUEST);
            case 4 -> kinds.add(Kind.NEW_SESSION_TICKET);
            case 11 -> kinds.add(Kind.CERTIFICATE);
            default -> {
                // Nothing that a test looks for.
            }
        }
    }

    /** In one direction. */
    private static final class Passed {

        private final Map<Kind, Integer> counts = new EnumMap<>(Kind.class);

        synchronized void add(Set<Kind> kinds) {
            kinds.forEach(kind -> counts.merge(kind, 1, Integer::sum));
            notifyAll();
        }

        synchronized int count(Kind kind) {
            return counts.getOrDefault(kind, 0);
        }

        synchronized void await(Kind kind, int count) throws InterruptedException {
            long end = System.nanoTime() + Waits.DEADLINE.toNanos();
            while (count(kind) < count) {
                long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (left <= 0) {
                    throw new AssertionError(
                            "not within " + Waits.DEADLINE + ": " + count + ' ' + kind + " in " + counts);
                }
                wait(left);
            }
        }
    }
}
