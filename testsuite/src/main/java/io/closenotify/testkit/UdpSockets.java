package io.closenotify.testkit;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramChannelConfig;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.net.InetSocketAddress;
import java.util.function.BiConsumer;

/**
 * The sockets of a {@link UdpFaultRelay}.
 *
 * <p>None is connected: a connected one would report that a port is unreachable instead of sending the next datagram,
 * a loss that nobody asked for.
 *
 * <p>Payloads are copied into arrays at once: a datagram on its way then occupies its own length, not that of the
 * largest possible one, and there is nothing to release wherever it ends.
 */
final class UdpSockets {

    private static final int SOCKET_BUFFER = 4 << 20;
    private static final int LARGEST_DATAGRAM = 65_535;
    private static final int READS_IN_A_ROW = 64;

    private UdpSockets() {
    }

    /** Opens a socket; what it receives goes to the consumer, on the event loop. */
    static DatagramChannel open(EventLoop eventLoop, InetSocketAddress local,
            BiConsumer<InetSocketAddress, byte[]> receiver) {
        DatagramChannel channel = new NioDatagramChannel();
        channel.config().setRecvByteBufAllocator(
                new FixedRecvByteBufAllocator(LARGEST_DATAGRAM).maxMessagesPerRead(READS_IN_A_ROW));
        enlargeBuffers(channel.config());
        channel.pipeline().addLast(new SimpleChannelInboundHandler<DatagramPacket>() {
            @Override
            protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
                receiver.accept(packet.sender(), ByteBufUtil.getBytes(packet.content()));
            }
        });
        try {
            eventLoop.register(channel).syncUninterruptibly();
            channel.bind(local).syncUninterruptibly();
            return channel;
        } catch (RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    private static void enlargeBuffers(DatagramChannelConfig config) {
        try {
            config.setReceiveBufferSize(SOCKET_BUFFER).setSendBufferSize(SOCKET_BUFFER);
        } catch (ChannelException e) {
            // Linux cuts the size down to what it allows, other systems refuse it and keep their default.
        }
    }

    /** A free port on loopback if the server is there, else on any address. */
    static InetSocketAddress sourceTowards(InetSocketAddress server) {
        return server.getAddress().isLoopbackAddress()
                ? new InetSocketAddress(server.getAddress(), 0) : new InetSocketAddress(0);
    }

    static ChannelFuture send(DatagramChannel from, InetSocketAddress to, byte[] bytes) {
        if (bytes.length == 0) {
            return from.newFailedFuture(new UnsupportedOperationException("Netty sends no empty datagrams"));
        }
        return from.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(bytes), to));
    }
}
