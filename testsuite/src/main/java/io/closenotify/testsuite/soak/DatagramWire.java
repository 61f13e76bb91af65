package io.closenotify.testsuite.soak;

import io.closenotify.testkit.DatagramRule;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.RelayedDatagram;
import io.closenotify.testkit.UdpFaultRelay;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** Notes what arrives at a relay, and drops it while there is a hole. */
final class DatagramWire implements DatagramRule {

    static final int MOST_DATAGRAMS = 20_000;

    private static final Duration HEALED_AFTER = Duration.ofMillis(150);

    private final UdpFault fault;
    private final Map<Direction, List<byte[]>> arrived = new EnumMap<>(Direction.class);
    private volatile boolean armed;
    private volatile long armedAt;

    DatagramWire(UdpFault fault) {
        this.fault = fault;
        for (Direction direction : Direction.values()) {
            arrived.put(direction, new CopyOnWriteArrayList<>());
        }
    }

    /**
     * What a relay did with a direction.
     *
     * @param arrived what the sender sent
     * @param forwarded what was sent on to the receiver
     */
    record Carried(List<byte[]> arrived, List<byte[]> forwarded) {

        boolean lostSome() {
            return forwarded.size() < arrived.size();
        }
    }

    /** Both ends are established: from now on nothing is owed to the handshake. */
    void arm() {
        armedAt = System.nanoTime();
        armed = true;
    }

    @Override
    public Verdict decide(Datagram datagram) {
        ByteBuffer content = datagram.content();
        byte[] bytes = new byte[content.remaining()];
        content.get(bytes);
        arrived.computeIfAbsent(datagram.direction(), direction -> new CopyOnWriteArrayList<>()).add(bytes);
        return armed && fault.befalls(datagram.direction()) && isHole() ? Verdict.DROP : Verdict.UNDECIDED;
    }

    private boolean isHole() {
        return fault.kind() == UdpFault.Kind.HOLE || (fault.kind() == UdpFault.Kind.HOLE_HEALED
                && System.nanoTime() - armedAt < HEALED_AFTER.toNanos());
    }

    /** All that the two ends have sent, as far as the relay has got it; both sockets are closed. */
    Map<Direction, Carried> carried(UdpFaultRelay relay) {
        // The first call makes the relay read what lies in its sockets, the second one waits for that.
        relay.counts(Direction.TO_SERVER);
        relay.counts(Direction.TO_CLIENT);
        List<RelayedDatagram> recorded = new ArrayList<>();
        relay.recording().drainTo(recorded);
        Map<Direction, Carried> carried = new EnumMap<>(Direction.class);
        arrived.forEach((direction, datagrams) -> carried.put(direction, new Carried(List.copyOf(datagrams),
                recorded.stream().filter(each -> each.direction() == direction && each.verdict() != Verdict.DROP)
                        .map(RelayedDatagram::bytes).toList())));
        return carried;
    }
}
