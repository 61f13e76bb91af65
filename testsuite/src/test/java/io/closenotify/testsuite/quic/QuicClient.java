package io.closenotify.testsuite.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.testsuite.Waits;
import io.netty.channel.Channel;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/** A client of ours on loopback, for any number of connections. Closing it ends them. */
final class QuicClient implements AutoCloseable {

    private final QuicSetup setup;
    private final List<OurConnection> connections = new CopyOnWriteArrayList<>();
    private final Channel datagrams;

    QuicClient(QuicSetup setup) throws InterruptedException {
        this.setup = setup;
        datagrams = setup.bindClient();
    }

    /** The channel of the datagrams, below the codec. */
    Channel datagrams() {
        return datagrams;
    }

    /** Connects and waits for the handshake. */
    OurConnection connect(InetSocketAddress server) throws InterruptedException {
        BlockingQueue<OurConnection> established = new LinkedBlockingQueue<>();
        Future<QuicChannel> connected = Waits.done(QuicChannel.newBootstrap(datagrams)
                .handler(QuicSetup.initializer(QuicChannel.class,
                        channel -> connections.add(setup.connection(channel, established::add))))
                .streamHandler(QuicSetup.initializer(QuicStreamChannel.class, setup::acceptStream))
                .remoteAddress(server)
                .connect());
        assertThat(connected.cause()).as("connect").isNull();
        return Waits.next(established, "the handshake");
    }

    @Override
    public void close() {
        connections.forEach(OurConnection::close);
        datagrams.close().awaitUninterruptibly(Waits.DEADLINE.toMillis());
    }
}
