package io.closenotify.testkit;

import io.closenotify.testkit.DatagramRule.Datagram;
import io.closenotify.testkit.DatagramRule.Verdict;
import io.netty.channel.socket.DatagramChannel;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * One direction of one client of a {@link UdpFaultRelay}: a datagram is decided on, perhaps held, then delayed, then
 * sent. Event loop only.
 */
final class UdpLane {

    private final UdpDirection direction;
    private final InetSocketAddress client;
    private final InetSocketAddress receiver;
    private final SplittableRandom random;
    private final List<Held> held = new ArrayList<>();
    private DatagramChannel sink;
    private long ordinal;

    UdpLane(UdpDirection direction, InetSocketAddress client, DatagramChannel sink, InetSocketAddress receiver,
            SplittableRandom random) {
        this.direction = direction;
        this.client = client;
        this.sink = sink;
        this.receiver = receiver;
        this.random = random;
    }

    void sendFrom(DatagramChannel other) {
        sink = other;
    }

    void arrived(byte[] bytes) {
        direction.received(bytes);
        ordinal++;
        Datagram datagram = new Datagram(direction.direction(), ordinal, client, ByteBuffer.wrap(bytes));
        Verdict verdict = Verdict.DROP;
        try {
            verdict = direction.decide(datagram, random);
        } finally {
            carryOut(verdict, bytes);
        }
    }

    void inject(byte[] bytes) {
        direction.inject(sink, receiver, bytes);
    }

    private void carryOut(Verdict verdict, byte[] bytes) {
        switch (verdict) {
            case DROP -> direction.dropped(client, bytes);
            case HOLD -> hold(bytes);
            case DUPLICATE -> {
                direction.duplicated(bytes);
                delay(bytes, verdict);
                delay(bytes, verdict);
                overtake();
            }
            case PASS, UNDECIDED -> {
                delay(bytes, verdict);
                overtake();
            }
        }
    }

    private void hold(byte[] bytes) {
        Held late = new Held(bytes, direction.faults().holdFor());
        held.add(late);
        sink.eventLoop().schedule(() -> {
            if (held.remove(late)) {
                delay(late.bytes, Verdict.HOLD);
            }
        }, direction.faults().holdAtMost().toNanos(), TimeUnit.NANOSECONDS);
    }

    /** A datagram has passed those that are held. */
    private void overtake() {
        held.removeIf(late -> {
            late.toWaitFor--;
            if (late.toWaitFor > 0) {
                return false;
            }
            delay(late.bytes, Verdict.HOLD);
            return true;
        });
    }

    /** The event loop runs tasks in the order of their deadlines, and those of one deadline first in, first out. */
    private void delay(byte[] bytes, Verdict verdict) {
        long nanos = direction.faults().delay().toNanos();
        if (nanos == 0) {
            send(bytes, verdict);
        } else {
            sink.eventLoop().schedule(() -> send(bytes, verdict), nanos, TimeUnit.NANOSECONDS);
        }
    }

    private void send(byte[] bytes, Verdict verdict) {
        UdpSockets.send(sink, receiver, bytes).addListener(sent -> {
            if (sent.isSuccess()) {
                direction.forwarded(client, bytes, verdict);
            } else {
                direction.dropped(client, bytes);
            }
        });
    }

    /** A datagram that waits for others to overtake it; an object of its own, equal to no other. */
    private static final class Held {

        private final byte[] bytes;
        private int toWaitFor;

        Held(byte[] bytes, int toWaitFor) {
            this.bytes = bytes;
            this.toWaitFor = toWaitFor;
        }
    }
}
