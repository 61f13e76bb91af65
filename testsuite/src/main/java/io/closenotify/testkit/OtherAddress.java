package io.closenotify.testkit;

import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A socket from which {@link UdpFaultRelay#sendFromOtherAddress} sent to the server; open until the relay is closed.
 *
 * <p>All methods may be called from any thread.
 */
public final class OtherAddress {

    private final BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
    private final DatagramChannel channel;
    private final InetSocketAddress address;

    /** Event loop. */
    OtherAddress(EventLoop eventLoop, InetSocketAddress server) {
        channel = UdpSockets.open(eventLoop, UdpSockets.sourceTowards(server), (sender, bytes) -> {
            if (sender.equals(server)) {
                received.add(bytes);
            }
        });
        address = channel.localAddress();
    }

    DatagramChannel channel() {
        return channel;
    }

    /**
     * Returns the address that the server sees.
     *
     * @return the local address of the socket
     */
    public InetSocketAddress address() {
        return address;
    }

    /**
     * Returns what the server has sent to this address, untouched by rules, rates and delay.
     *
     * @return the payloads, in the order in which they arrived; the caller takes them out
     */
    public BlockingQueue<byte[]> received() {
        return received;
    }
}
