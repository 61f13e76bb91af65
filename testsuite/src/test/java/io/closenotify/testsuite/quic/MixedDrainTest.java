package io.closenotify.testsuite.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.Protocol;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.drain.ConnectionTracker;
import io.closenotify.drain.Drain;
import io.closenotify.drain.DrainPolicy;
import io.closenotify.drain.DrainReport;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.dtls.DtlsServerChannel;
import io.closenotify.quic.QuicLingerHandler;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.dtls.DtlsClient;
import io.closenotify.testsuite.dtls.DtlsSetup;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Servers of every protocol go out of service together. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class MixedDrainTest {

    private static final EventLoopGroup LOOPS = new NioEventLoopGroup(3, new DefaultThreadFactory("test-drain", true));
    private static final TlsSetup TLS = new TlsSetup(SslProvider.JDK, "TLSv1.3");

    @AfterAll
    static void stopLoops() {
        LOOPS.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private static Channel listen(
            ChannelFactory<? extends ServerChannel> factory, ChannelHandler connection)
            throws InterruptedException {
        return Waits.done(new ServerBootstrap().group(LOOPS).channelFactory(factory)
                .handler(new ConnectionTracker())
                .childHandler(connection)
                .bind(InetAddress.getLoopbackAddress(), 0)).channel();
    }

    private static Channel connect(Channel server, boolean autoRead, ChannelHandler handler)
            throws InterruptedException {
        Channel channel = Waits.done(new Bootstrap().group(LOOPS).channel(NioSocketChannel.class)
                .handler(handler)
                .connect(server.localAddress())).channel();
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls != null) {
            Waits.done(tls.handshakeFuture());
            channel.config().setAutoRead(autoRead);
        }
        return channel;
    }

    private static ChannelHandler tls(boolean client, BlockingQueue<Channel> ready) {
        return QuicSetup.initializer(Channel.class, channel -> {
            SslHandler tls = TLS.handler(client);
            channel.pipeline().addLast(tls);
            if (!client) {
                channel.pipeline().addLast(TlsShutdownHandler.builder().build());
                tls.handshakeFuture().addListener(done -> ready.add(channel));
            } else {
                channel.pipeline().addLast(TlsShutdownHandler.builder().build());
            }
        });
    }

    @Test
    void tls_dtls_quic_and_plaintext_are_drained_under_one_deadline() throws Exception {
        BlockingQueue<Channel> ready = new LinkedBlockingQueue<>();
        DtlsHandlerBuilder dtls = DtlsSetup.builder(DtlsSetup.context(), ShutdownPolicy.bidirectional());
        Channel tlsServer = listen(NioServerSocketChannel::new, tls(false, ready));
        Channel plainServer = listen(NioServerSocketChannel::new,
                QuicSetup.initializer(Channel.class, ready::add));
        Channel dtlsServer = listen(DtlsServerChannel.builder(dtls).build(),
                QuicSetup.initializer(Channel.class, channel -> { }));
        try (QuicServer quicServer = ShutdownPair.setup().server();
                QuicClient quicClient = ShutdownPair.setup().client()) {
            for (int each = 0; each < 2; each++) {
                connect(tlsServer, true, tls(true, ready));
                Waits.next(ready, "a TLS connection");
                quicClient.connect(quicServer.address());
                quicServer.next();
                new DtlsClient(dtls, (InetSocketAddress) dtlsServer.localAddress()).connected();
            }
            Channel stuck = connect(tlsServer, false, tls(true, ready));
            Waits.next(ready, "a TLS connection");
            Channel plain = connect(plainServer, true, new ChannelInboundHandlerAdapter());
            Waits.next(ready, "a plaintext connection");

            DrainReport report = Waits.done(Drain.builder()
                    .policy(DrainPolicy.atOnce().toBuilder().deadline(Duration.ofSeconds(2)).build())
                    .server(tlsServer).server(plainServer).server(dtlsServer)
                    .server(QuicLingerHandler.of(quicServer.datagrams()).drainable())
                    .build().start()).getNow();

            assertThat(report.outcomes()).isEqualTo(Map.of(
                    Protocol.TLS, Map.of(ShutdownResult.CLEAN, 2, ShutdownResult.ABORTED, 1),
                    Protocol.DTLS, Map.of(ShutdownResult.CLEAN, 2),
                    Protocol.QUIC, Map.of(ShutdownResult.CLEAN, 2)));
            assertThat(report.withoutShutdown()).isEqualTo(1);
            assertThat(report.forced()).isEqualTo(1);
            assertThat(report.worst()).hasSize(8).allSatisfy(
                    peer -> assertThat(peer.address()).isInstanceOf(InetSocketAddress.class));
            assertThat(report.worst().get(0).forced()).isTrue();
            assertThat(report.worst().get(0).address()).isEqualTo(stuck.localAddress());
            Waits.done(plain.closeFuture());
            assertThat(tlsServer.isOpen() || plainServer.isOpen() || dtlsServer.isOpen()
                    || quicServer.datagrams().isOpen()).isFalse();
            Waits.done(stuck.close());
        }
    }
}
