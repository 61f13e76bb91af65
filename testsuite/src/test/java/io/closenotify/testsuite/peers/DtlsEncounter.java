package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.DtlsFeature.CONNECTS_WITHOUT_DATA;
import static io.closenotify.testsuite.peers.DtlsFeature.ECHOES;
import static io.closenotify.testsuite.peers.DtlsFeature.SENDS;
import static io.closenotify.testsuite.peers.DtlsFeature.TELLS_DATA;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.UdpFaultRelay;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.dtls.DtlsClient;
import io.closenotify.testsuite.dtls.DtlsEcho;
import io.closenotify.testsuite.peers.DtlsWire.Kind;
import io.closenotify.testsuite.peers.RealDtls.Tickets;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.util.concurrent.BlockingQueue;
import java.util.function.UnaryOperator;

/** One of our ends, a peer, and a relay between them that watches. */
final class DtlsEncounter implements AutoCloseable {

    /** What our end is. */
    enum Role { CLIENT, SERVER }

    final DtlsPeer peer;
    final UdpFaultRelay relay;
    final DtlsWire wire;
    /** Where our datagrams go. */
    final Direction fromUs;
    final Direction fromPeer;
    private final DtlsEcho server;
    private DtlsClient client;
    private Channel channel;

    private DtlsEncounter(DtlsPeer peer, UdpFaultRelay relay, DtlsWire wire, Role role, DtlsEcho server) {
        this.peer = peer;
        this.relay = relay;
        this.wire = wire;
        this.server = server;
        fromUs = role == Role.CLIENT ? Direction.TO_SERVER : Direction.TO_CLIENT;
        fromPeer = role == Role.CLIENT ? Direction.TO_CLIENT : Direction.TO_SERVER;
    }

    static DtlsEncounter start(Role role, RealDtls peers, DtlsHandlerBuilder ours) throws InterruptedException {
        return start(role, peers, ours, Tickets.IF_KNOWN, new DtlsWire(), relay -> relay);
    }

    /**
     * Both ends have started; the handshake may or may not have begun.
     *
     * @param tickets what a client that is the peer offers
     */
    static DtlsEncounter start(Role role, RealDtls peers, DtlsHandlerBuilder ours, Tickets tickets, DtlsWire wire,
            UnaryOperator<UdpFaultRelay.Builder> faults) throws InterruptedException {
        if (role == Role.CLIENT) {
            DtlsServerPeer server = peers.server();
            UdpFaultRelay relay = faults.apply(UdpFaultRelay.to(server.address()).rule(wire)).start();
            DtlsEncounter encounter = new DtlsEncounter(server, relay, wire, role, null);
            encounter.connect(ours);
            return encounter;
        }
        DtlsEcho server = new DtlsEcho(ours);
        UdpFaultRelay relay = faults.apply(UdpFaultRelay.to(server.address()).rule(wire)).start();
        DtlsClientPeer peer = peers.client(relay.address(), tickets);
        if (!peer.can(CONNECTS_WITHOUT_DATA)) {
            peer.send("early");
        }
        return new DtlsEncounter(peer, relay, wire, role, server);
    }

    /** As client: connects, again perhaps. */
    void connect(DtlsHandlerBuilder ours) throws InterruptedException {
        if (client != null) {
            client.close();
        }
        client = new DtlsClient(ours, relay.address());
        channel = client.channel();
    }

    /** Waits for the handshake: as server, of the next client. */
    DtlsEncounter connected() throws InterruptedException {
        if (server != null) {
            channel = Waits.next(server.connections, "the connection");
        }
        if (!Waits.done(handler().handshakeFuture()).isSuccess()) {
            throw new AssertionError(peer.output(), handler().handshakeFuture().cause());
        }
        return this;
    }

    /** Has a message go each way, if the peer can. */
    DtlsEncounter talk(String line) throws InterruptedException {
        if (client != null) {
            client.send(line + '\n');
            if (peer.can(TELLS_DATA)) {
                peer.awaitReceived(line);
            }
            if (peer.can(ECHOES)) {
                assertThat(Waits.next(client.received, "the echo")).isEqualTo(line + '\n');
            }
            if (peer.can(SENDS)) {
                peer.send("unasked " + line);
                assertThat(Waits.next(client.received, "the line")).isEqualTo("unasked " + line + '\n');
            }
        } else {
            peer.send(line);
            peer.awaitReceived(line);
        }
        return this;
    }

    DtlsHandler handler() {
        return client == null ? channel.pipeline().get(DtlsHandler.class) : client.handler;
    }

    Channel channel() {
        return channel;
    }

    /** What our client has received and nobody has looked at. */
    BlockingQueue<String> received() {
        return client.received;
    }

    /** How many messages our server has received. */
    int messages() {
        return server.messages.get();
    }

    ShutdownOutcome outcome() throws InterruptedException {
        return Waits.next(server == null ? client.outcomes : server.outcomes, "the outcome");
    }

    /** Waits until the relay has seen all that was sent so far. */
    void awaitRelay() throws IOException, InterruptedException {
        try (DatagramSocket marker = new DatagramSocket()) {
            marker.send(new DatagramPacket(new byte[0], 0, relay.address()));
            wire.await(Direction.TO_SERVER, Kind.EMPTY, 1);
        }
        // What came from the other side in the same turn of its event loop.
        relay.counts(Direction.TO_CLIENT);
    }

    @Override
    public void close() {
        if (client != null) {
            client.close();
        }
        if (server != null) {
            server.close();
        }
        peer.close();
        relay.close();
    }
}
