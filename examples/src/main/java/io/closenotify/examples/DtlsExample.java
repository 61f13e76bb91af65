package io.closenotify.examples;

import io.closenotify.ShutdownOutcome;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsServerChannel;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** DTLS on both sides: a server for any number of clients on one UDP port, and a client that closes properly. */
public final class DtlsExample {

    private DtlsExample() {
    }

    /**
     * Runs the example against a server of its own.
     *
     * @param arguments none
     * @throws Exception if it fails
     */
    public static void main(String[] arguments) throws Exception {
        EventLoopGroup loop = new NioEventLoopGroup(1);
        try {
            // docs: begin dtls-server
            Channel server = new ServerBootstrap().group(loop)
                    .channelFactory(DtlsServerChannel.builder(DtlsHandler.builder(serverContext())).build())
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            // Behind its DtlsHandler.
                            channel.pipeline().addLast(new Loopback.Echo());
                        }
                    })
                    .bind("127.0.0.1", 0).sync().channel();
            // docs: end dtls-server

            // docs: begin dtls-client
            DtlsHandler dtls = DtlsHandler.builder(clientContext()).build();
            Channel channel = new Bootstrap().group(loop).channel(NioDatagramChannel.class)
                    .handler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel connected) {
                            connected.pipeline().addLast(dtls, new PrintAndShutDown(dtls));
                        }
                    })
                    .connect(server.localAddress()).sync().channel();
            // Goes out when the handshake is done.
            channel.writeAndFlush(Loopback.text("hello")).sync();
            // docs: end dtls-client

            // The outcome is there long before: the channel lingers, to answer a peer who has missed our close_notify.
            channel.closeFuture().sync();
        } finally {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    private static SSLContext serverContext() throws Exception {
        SelfSignedCertificate certificate = new SelfSignedCertificate("localhost");
        certificate.delete();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("server", certificate.key(), new char[0], new Certificate[] {certificate.cert()});
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, new char[0]);
        SSLContext context = SSLContext.getInstance("DTLS");
        context.init(factory.getKeyManagers(), null, null);
        return context;
    }

    private static SSLContext clientContext() throws Exception {
        SSLContext context = SSLContext.getInstance("DTLS");
        context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
        return context;
    }

    private static final class PrintAndShutDown extends SimpleChannelInboundHandler<ByteBuf> {

        private final DtlsHandler dtls;

        PrintAndShutDown(DtlsHandler dtls) {
            this.dtls = dtls;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf message) {
            System.out.println("client: " + message.toString(StandardCharsets.UTF_8));
            dtls.shutdown();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ShutdownOutcome outcome) {
                System.out.println("client: " + outcome.result() + ", sent again: " + outcome.repeats()
                        + ", missing at most: " + outcome.missingAtMost());
            }
        }
    }
}
