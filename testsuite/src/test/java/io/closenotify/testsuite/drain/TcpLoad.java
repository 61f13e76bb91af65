package io.closenotify.testsuite.drain;

import io.closenotify.drain.Drain;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;

/** What protocols over TLS have in common. */
abstract class TcpLoad implements Load.Protocol {

    private final EventLoopGroup servers = new NioEventLoopGroup(2, new DefaultThreadFactory("load-server", true));
    private final EventLoopGroup clients = new NioEventLoopGroup(2, new DefaultThreadFactory("load-client", true));
    private final ChannelGroup all = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final TlsSetup tls;
    private final boolean stock;

    /** Stock is without our handlers. */
    TcpLoad(TlsSetup tls, boolean stock) {
        this.tls = tls;
        this.stock = stock;
    }

    /** At the server, behind TLS. */
    abstract void accept(Channel channel, Load load);

    /** At the client, behind TLS. */
    abstract void initialize(Channel channel, ClientSide client);

    /** At the client, when the TLS handshake is done. */
    abstract void opened(Channel channel, ClientSide client);

    @Override
    public Load.Server listen(Load load) throws InterruptedException {
        Channel listener = Waits.done(new ServerBootstrap().group(servers).channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        secure(channel, false);
                        accept(channel, load);
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)).channel();
        all.add(listener);
        return new Load.Server() {
            @Override
            public SocketAddress address() {
                return listener.localAddress();
            }

            @Override
            public void join(Drain.Builder drain) {
                drain.server(listener);
            }
        };
    }

    @Override
    public void connect(SocketAddress address, ClientSide client) {
        new Bootstrap().group(clients).channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        all.add(channel);
                        secure(channel, true);
                        initialize(channel, client);
                    }
                })
                .connect(address).addListener(connected -> {
                    Channel channel = ((ChannelFuture) connected).channel();
                    if (!connected.isSuccess()) {
                        client.notConnected(channel.eventLoop());
                        return;
                    }
                    channel.pipeline().get(SslHandler.class).handshakeFuture().addListener(secured -> {
                        if (secured.isSuccess()) {
                            opened(channel, client);
                        } else {
                            client.notConnected(channel.eventLoop());
                        }
                    });
                });
    }

    private void secure(Channel channel, boolean client) {
        channel.pipeline().addLast(tls.handler(client));
        if (!stock) {
            channel.pipeline().addLast(TlsShutdownHandler.builder().build());
        }
    }

    @Override
    public void close() {
        all.close().awaitUninterruptibly(Waits.DEADLINE.toMillis());
        servers.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        clients.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }
}
