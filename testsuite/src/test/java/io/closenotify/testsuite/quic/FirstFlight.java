package io.closenotify.testsuite.quic;

import io.closenotify.testkit.DatagramRule;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.UdpFaultRelay;
import io.closenotify.testsuite.Waits;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Lets only the Initial packets of a server pass, cut out of their datagrams: the client gets the keys of the
 * handshake, and cannot complete it.
 */
final class FirstFlight implements DatagramRule {

    private static final int TYPE = 0xb0;
    private static final int INITIAL = 0x80;
    private static final int VERSION_END = 5;

    private final UdpFaultRelay relay;
    private final BlockingQueue<Boolean> passed = new LinkedBlockingQueue<>();

    private FirstFlight(UdpFaultRelay relay) {
        this.relay = relay;
    }

    static FirstFlight of(UdpFaultRelay relay) {
        FirstFlight rule = new FirstFlight(relay);
        relay.addRule(rule);
        return rule;
    }

    @Override
    public Verdict decide(Datagram datagram) {
        if (datagram.direction() == Direction.TO_SERVER) {
            return Verdict.UNDECIDED;
        }
        ByteBuffer content = datagram.content();
        byte[] bytes = new byte[content.remaining()];
        content.get(bytes);
        if ((bytes[0] & TYPE) == INITIAL) {
            relay.send(Direction.TO_CLIENT, datagram.client(), Unpooled.wrappedBuffer(bytes, 0, lengthOfFirst(bytes)));
            passed.add(true);
        }
        return Verdict.DROP;
    }

    /** RFC 9000, section 17.2.2. */
    private static int lengthOfFirst(byte... datagram) {
        ByteBuffer packet = ByteBuffer.wrap(datagram).position(VERSION_END);
        skip(packet, packet.get());
        skip(packet, packet.get());
        skip(packet, varint(packet));
        int rest = varint(packet);
        return packet.position() + rest;
    }

    private static void skip(ByteBuffer packet, int bytes) {
        packet.position(packet.position() + bytes);
    }

    /** RFC 9000, section 16. */
    private static int varint(ByteBuffer packet) {
        int first = packet.get() & 0xff;
        int value = first & 0x3f;
        for (int more = (1 << (first >> 6)) - 1; more > 0; more--) {
            value = (value << 8) | (packet.get() & 0xff);
        }
        return value;
    }

    /** Waits until one has passed. */
    void await() throws InterruptedException {
        Waits.next(passed, "an Initial packet of the server");
    }

    /** Lets everything pass from now on. */
    void end() {
        relay.removeRule(this);
    }
}
