package io.closenotify.quic;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DatagramChannel;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import io.netty.incubator.codec.quic.InsecureQuicTokenHandler;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicClientCodecBuilder;
import io.netty.incubator.codec.quic.QuicCodecBuilder;
import io.netty.incubator.codec.quic.QuicConnectionCloseEvent;
import io.netty.incubator.codec.quic.QuicServerCodecBuilder;
import io.netty.incubator.codec.quic.QuicSslContext;
import io.netty.incubator.codec.quic.QuicSslContextBuilder;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.security.cert.CertificateException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A server and a client of the codec on loopback, each with a {@link CloseTap}. */
final class QuicPair implements AutoCloseable {

    private static final SelfSignedCertificate CERTIFICATE = certificate();

    final CloseTap serverTap = new CloseTap();
    final CloseTap clientTap = new CloseTap();

    private final EventLoopGroup group;
    private final Class<? extends DatagramChannel> transport;
    private final BlockingQueue<QuicChannel> accepted = new LinkedBlockingQueue<>();
    private final Channel serverUdp;
    private final Channel clientUdp;

    /** @param onAccept runs on the event loop when the server has registered a connection, before its first flight */
    QuicPair(EventLoopGroup group, Class<? extends DatagramChannel> transport, Consumer<QuicChannel> onAccept)
            throws Exception {
        this.group = group;
        this.transport = transport;
        QuicSslContext server = QuicSslContextBuilder.forServer(CERTIFICATE.key(), null, CERTIFICATE.cert())
                .applicationProtocols("closenotify").build();
        serverUdp = bind(serverTap, parameters(new QuicServerCodecBuilder().sslContext(server))
                .tokenHandler(InsecureQuicTokenHandler.INSTANCE)
                .handler(new Listener(serverTap, channel -> {
                    onAccept.accept(channel);
                    accepted.add(channel);
                }))
                .streamHandler(new ChannelInboundHandlerAdapter())
                .build());
        QuicSslContext client = QuicSslContextBuilder.forClient()
                .trustManager(InsecureTrustManagerFactory.INSTANCE).applicationProtocols("closenotify").build();
        clientUdp = bind(clientTap, parameters(new QuicClientCodecBuilder().sslContext(client)).build());
    }

    Channel serverUdp() {
        return serverUdp;
    }

    Channel clientUdp() {
        return clientUdp;
    }

    Future<QuicChannel> connect() {
        return connect(channel -> { });
    }

    /** Starts a handshake; its result may be a failure. */
    Future<QuicChannel> connect(Consumer<QuicChannel> onRegistered) {
        return QuicChannel.newBootstrap(clientUdp)
                .handler(new Listener(clientTap, onRegistered))
                .streamHandler(new ChannelInboundHandlerAdapter())
                .remoteAddress(new InetSocketAddress(
                        NetUtil.LOCALHOST4, ((InetSocketAddress) serverUdp.localAddress()).getPort()))
                .connect();
    }

    QuicChannel accepted() throws InterruptedException {
        return accepted.poll(5, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        clientUdp.close().syncUninterruptibly();
        serverUdp.close().syncUninterruptibly();
    }

    private Channel bind(ChannelHandler... handlers) throws Exception {
        return new Bootstrap().group(group).channel(transport)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(handlers);
                    }
                })
                .bind(new InetSocketAddress(NetUtil.LOCALHOST4, 0)).sync().channel();
    }

    private static <B extends QuicCodecBuilder<B>> B parameters(B builder) {
        return builder
                .maxIdleTimeout(5, TimeUnit.SECONDS)
                .initialMaxData(1_000_000)
                .initialMaxStreamDataBidirectionalLocal(100_000)
                .initialMaxStreamDataBidirectionalRemote(100_000)
                .initialMaxStreamsBidirectional(100);
    }

    private static SelfSignedCertificate certificate() {
        try {
            return new SelfSignedCertificate("localhost");
        } catch (CertificateException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Listener extends ChannelInboundHandlerAdapter {

        private final CloseTap tap;
        private final Consumer<QuicChannel> onRegistered;

        Listener(CloseTap tap, Consumer<QuicChannel> onRegistered) {
            this.tap = tap;
            this.onRegistered = onRegistered;
        }

        @Override
        public boolean isSharable() {
            return true;
        }

        @Override
        public void channelRegistered(ChannelHandlerContext ctx) {
            onRegistered.accept((QuicChannel) ctx.channel());
            ctx.fireChannelRegistered();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof QuicConnectionCloseEvent close) {
                tap.closed(close);
            }
            ctx.fireUserEventTriggered(event);
        }
    }
}
