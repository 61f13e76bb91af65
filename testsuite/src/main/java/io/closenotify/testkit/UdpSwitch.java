package io.closenotify.testkit;

import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The listening socket of a {@link UdpFaultRelay} and the clients behind it. Event loop only, but for the address. */
final class UdpSwitch {

    private final InetSocketAddress server;
    private final UdpDirection toServer;
    private final UdpDirection toClient;
    private final SplittableRandom random;
    private final DatagramChannel listener;
    private final InetSocketAddress address;
    private final Map<InetSocketAddress, Client> clients = new LinkedHashMap<>();

    UdpSwitch(EventLoop eventLoop, InetSocketAddress server, UdpDirection toServer, UdpDirection toClient, long seed) {
        this.server = server;
        this.toServer = toServer;
        this.toClient = toClient;
        random = new SplittableRandom(seed);
        listener = UdpSockets.open(eventLoop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                (sender, bytes) -> clients.computeIfAbsent(sender, Client::new).toServer.arrived(bytes));
        address = listener.localAddress();
    }

    InetSocketAddress address() {
        return address;
    }

    List<InetSocketAddress> clients() {
        return List.copyOf(clients.keySet());
    }

    void inject(Direction direction, InetSocketAddress address, byte[] bytes) {
        Client client = client(address);
        (direction == Direction.TO_SERVER ? client.toServer : client.toClient).inject(bytes);
    }

    InetSocketAddress rebind(InetSocketAddress address) {
        return client(address).rebind();
    }

    private Client client(InetSocketAddress address) {
        checkOpen();
        Client client = clients.get(address);
        if (client == null) {
            throw new IllegalArgumentException("client: " + address + " (expected: one of " + clients.keySet() + ')');
        }
        return client;
    }

    OtherAddress injectFromOtherAddress(byte[] bytes) {
        checkOpen();
        OtherAddress other = new OtherAddress(listener.eventLoop(), server);
        toServer.inject(other.channel(), server, bytes);
        return other;
    }

    private void checkOpen() {
        if (!listener.isOpen()) {
            throw new IllegalStateException("the relay is closed");
        }
    }

    /** One client address, and the socket that stands for it towards the server. */
    private final class Client {

        private final UdpLane toServer;
        private final UdpLane toClient;
        private DatagramChannel upstream;

        Client(InetSocketAddress address) {
            upstream = UdpSockets.open(listener.eventLoop(), UdpSockets.sourceTowards(server), this::answered);
            // One generator a direction and client, so that the traffic of the others has no influence.
            toServer = new UdpLane(UdpSwitch.this.toServer, address, upstream, server, random.split());
            toClient = new UdpLane(UdpSwitch.this.toClient, address, listener, address, random.split());
        }

        InetSocketAddress rebind() {
            DatagramChannel old = upstream;
            upstream = UdpSockets.open(listener.eventLoop(), UdpSockets.sourceTowards(server), this::answered);
            toServer.sendFrom(upstream);
            old.close();
            return upstream.localAddress();
        }

        private void answered(InetSocketAddress sender, byte[] bytes) {
            if (sender.equals(server)) {
                toClient.arrived(bytes);
            }
        }
    }
}
