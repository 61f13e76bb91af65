package io.closenotify.testkit;

import static java.util.Objects.requireNonNull;

import io.closenotify.testkit.DatagramCounts.Traffic;
import io.closenotify.testkit.DatagramRule.Datagram;
import io.closenotify.testkit.DatagramRule.Verdict;
import io.netty.channel.ChannelFuture;
import io.netty.channel.socket.DatagramChannel;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** What all clients of a {@link UdpFaultRelay} share in one direction: decisions and counts. Event loop only. */
final class UdpDirection {

    private final Direction direction;
    private final UdpFaults faults;
    private final List<DatagramRule> rules;
    private final Consumer<RelayedDatagram> recorder;
    private boolean blocked;
    private long toDrop;
    private Traffic received = Traffic.NONE;
    private Traffic forwarded = Traffic.NONE;
    private Traffic dropped = Traffic.NONE;
    private Traffic duplicated = Traffic.NONE;
    private Traffic injected = Traffic.NONE;

    UdpDirection(Direction direction, UdpFaults faults, List<DatagramRule> rules,
            Consumer<RelayedDatagram> recorder) {
        this.direction = direction;
        this.faults = faults;
        this.rules = rules;
        this.recorder = recorder;
    }

    Direction direction() {
        return direction;
    }

    UdpFaults faults() {
        return faults;
    }

    void block(boolean block) {
        blocked = block;
    }

    void dropNext(long datagrams) {
        toDrop = datagrams;
    }

    Verdict decide(Datagram datagram, SplittableRandom random) {
        Verdict byRates = faults.draw(random);
        if (blocked) {
            return Verdict.DROP;
        }
        if (toDrop > 0) {
            toDrop--;
            return Verdict.DROP;
        }
        for (DatagramRule rule : rules) {
            Verdict verdict = requireNonNull(rule.decide(datagram), "verdict");
            if (verdict != Verdict.UNDECIDED) {
                return verdict;
            }
        }
        return byRates;
    }

    void received(byte[] bytes) {
        received = received.plus(bytes);
    }

    void duplicated(byte[] bytes) {
        duplicated = duplicated.plus(bytes);
    }

    /** Sends past rules, rates and delay. */
    void inject(DatagramChannel sink, InetSocketAddress receiver, byte[] bytes) {
        ChannelFuture sending = UdpSockets.send(sink, receiver, bytes).addListener(sent -> {
            if (sent.isSuccess()) {
                injected = injected.plus(bytes);
            }
        });
        if (sending.cause() != null) {
            throw new IllegalStateException("not sent: " + bytes.length + " bytes to " + receiver, sending.cause());
        }
    }

    void forwarded(InetSocketAddress client, byte[] bytes, Verdict verdict) {
        forwarded = forwarded.plus(bytes);
        recorder.accept(new RelayedDatagram(direction, client, verdict, bytes, System.nanoTime()));
    }

    void dropped(InetSocketAddress client, byte[] bytes) {
        dropped = dropped.plus(bytes);
        recorder.accept(new RelayedDatagram(direction, client, Verdict.DROP, bytes, System.nanoTime()));
    }

    DatagramCounts counts() {
        return new DatagramCounts(received, forwarded, dropped, duplicated, injected);
    }
}
