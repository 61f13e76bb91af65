package io.closenotify.testsuite.quic;

import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testkit.UdpFaultRelay;
import java.net.InetSocketAddress;
import java.util.function.UnaryOperator;

/** Our handler at one end, in either role, a peer of another make at the other, and a relay between them. */
abstract class InteropPair implements AutoCloseable {

    private final QuicServer server;
    private final QuicClient client;
    private final UdpFaultRelay relay;
    private OurConnection ours;

    /** Our end is a client of the peer that listens there, or a server if none does. */
    InteropPair(QuicSetup setup, InetSocketAddress peer, UnaryOperator<UdpFaultRelay.Builder> path)
            throws InterruptedException {
        server = peer == null ? setup.server() : null;
        relay = path.apply(UdpFaultRelay.to(peer == null ? server.address() : peer)).start();
        client = peer == null ? null : setup.client();
    }

    /** Connects once more; from now on the pair is about that connection. */
    abstract void connect() throws Exception;

    /** Our part in that: connects, or waits for the peer to do so. */
    final void connectOurs() throws InterruptedException {
        ours = client == null ? server.next() : client.connect(relay.address());
    }

    abstract void closePeer();

    final OurConnection ours() {
        return ours;
    }

    final UdpFaultRelay relay() {
        return relay;
    }

    /** Starts our shutdown. */
    final QuicShutdownFuture shutdown(QuicShutdownPolicy policy) {
        return ShutdownPair.handler(ours).shutdown(policy);
    }

    /** Waits for the end of our connection. */
    final QuicShutdownOutcome outcome() throws InterruptedException {
        return ShutdownPair.outcome(ShutdownPair.handler(ours).outcome());
    }

    /** Ours first: a peer that was killed acknowledges nothing. */
    @Override
    public final void close() {
        if (client == null) {
            server.close();
        } else {
            client.close();
        }
        closePeer();
        relay.close();
    }
}
