package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownPolicy;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Our side and a stock peer, joined by a real socket on loopback. */
final class SocketPair implements AutoCloseable {

    private static final EventLoopGroup NIO = new NioEventLoopGroup(2);
    private static final EventLoopGroup EPOLL = new EpollEventLoopGroup(2);

    final Channel ours;
    final Channel peer;
    final Recorder ourApplication;
    final TlsShutdownHandler handler;

    private SocketPair(Channel ours, Channel peer, Recorder ourApplication, TlsShutdownHandler handler) {
        this.ours = ours;
        this.peer = peer;
        this.ourApplication = ourApplication;
        this.handler = handler;
    }

    /** Which transport, and which side is ours. */
    enum Transport {
        NIO, EPOLL;

        EventLoopGroup group() {
            return this == NIO ? SocketPair.NIO : SocketPair.EPOLL;
        }

        ChannelFuture bind(ChannelHandler child) {
            return new ServerBootstrap().group(group())
                    .channel(this == NIO ? NioServerSocketChannel.class : EpollServerSocketChannel.class)
                    .childHandler(child).bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        }

        ChannelFuture connect(SocketAddress address, ChannelHandler handler) {
            return new Bootstrap().group(group())
                    .channel(this == NIO ? NioSocketChannel.class : EpollSocketChannel.class)
                    .handler(handler).connect(address);
        }
    }

    /** With a peer on the JDK engine. */
    static SocketPair open(Transport transport, TlsSetup setup, boolean client, ShutdownPolicy policy,
            Recorder application, ChannelHandler... peerHandlers) throws InterruptedException {
        return open(transport, setup, setup.with(SslProvider.JDK), client, policy, application, peerHandlers);
    }

    static SocketPair open(Transport transport, TlsSetup setup, TlsSetup peerSetup, boolean client,
            ShutdownPolicy policy, Recorder application, ChannelHandler... peerHandlers) throws InterruptedException {
        TlsShutdownHandler handler = TlsShutdownHandler.builder().policy(policy).build();
        BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
        ChannelHandler our = initializer(accepted, client, setup.handler(client), List.of(handler, application));
        ChannelHandler theirs = initializer(accepted, !client, peerSetup.handler(!client), List.of(peerHandlers));
        Channel server = transport.bind(client ? theirs : our).sync().channel();
        Channel connected = transport.connect(server.localAddress(), client ? our : theirs).sync().channel();
        Channel other = Waits.next(accepted, "a connection");
        Waits.done(server.close());
        Channel ourChannel = client ? connected : other;
        Channel peerChannel = client ? other : connected;
        Waits.done(ourChannel.pipeline().get(SslHandler.class).handshakeFuture());
        Waits.done(peerChannel.pipeline().get(SslHandler.class).handshakeFuture());
        return new SocketPair(ourChannel, peerChannel, application, handler);
    }

    private static ChannelHandler initializer(BlockingQueue<Channel> accepted, boolean connects, SslHandler ssl,
            List<ChannelHandler> handlers) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(ssl);
                handlers.forEach(channel.pipeline()::addLast);
                if (!connects) {
                    accepted.add(channel);
                }
            }
        };
    }

    /** Runs on our event loop and waits. */
    void onOurLoop(Runnable task) throws InterruptedException {
        assertThat(Waits.done(ours.eventLoop().submit(task)).cause()).isNull();
    }

    @Override
    public void close() {
        ours.eventLoop().submit(() -> ours.unsafe().close(ours.voidPromise()));
        peer.eventLoop().submit(() -> peer.unsafe().close(peer.voidPromise()));
        assertThat(ours.closeFuture().awaitUninterruptibly(Waits.DEADLINE.toMillis())).isTrue();
        assertThat(peer.closeFuture().awaitUninterruptibly(Waits.DEADLINE.toMillis())).isTrue();
    }
}
