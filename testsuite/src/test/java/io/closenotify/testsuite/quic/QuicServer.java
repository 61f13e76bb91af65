package io.closenotify.testsuite.quic;

import io.closenotify.testsuite.Waits;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/** A server of ours on loopback. Closing it ends its connections. */
final class QuicServer implements AutoCloseable {

    private final BlockingQueue<OurConnection> established = new LinkedBlockingQueue<>();
    private final List<OurConnection> connections = new CopyOnWriteArrayList<>();
    private final Channel datagrams;

    QuicServer(QuicSetup setup) throws InterruptedException {
        datagrams = setup.bindServer(channel -> connections.add(setup.connection(channel, established::add)));
    }

    InetSocketAddress address() {
        return (InetSocketAddress) datagrams.localAddress();
    }

    /** The channel of the datagrams, below the codec. */
    Channel datagrams() {
        return datagrams;
    }

    /** Waits for the next connection whose handshake is done. */
    OurConnection next() throws InterruptedException {
        return Waits.next(established, "a connection");
    }

    @Override
    public void close() {
        connections.forEach(OurConnection::close);
        datagrams.close().awaitUninterruptibly(Waits.DEADLINE.toMillis());
    }
}
