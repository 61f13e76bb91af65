package io.closenotify.examples;

import io.closenotify.ShutdownOutcome;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** What the examples need around them: contexts that trust each other, a server that answers, a client. */
final class Loopback implements AutoCloseable {

    private final EventLoopGroup loop = new NioEventLoopGroup(1);

    static SslContext serverContext() throws Exception {
        SelfSignedCertificate certificate = new SelfSignedCertificate("localhost");
        certificate.delete();
        return SslContextBuilder.forServer(certificate.key(), certificate.cert()).build();
    }

    static SslContext clientContext() throws Exception {
        return SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE).build();
    }

    /** A server over TLS that sends back what it reads and prints how each connection ended. */
    Channel tlsServer() throws Exception {
        SslContext context = serverContext();
        return listen(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(context.newHandler(channel.alloc()), TlsShutdownHandler.builder().build(),
                        new Echo());
            }
        });
    }

    Channel listen(ChannelHandler connection) throws InterruptedException {
        return new ServerBootstrap().group(loop).channel(NioServerSocketChannel.class).childHandler(connection)
                .bind("127.0.0.1", 0).sync().channel();
    }

    Channel connect(Channel server, ChannelHandler... handlers) throws InterruptedException {
        return new Bootstrap().group(loop).channel(NioSocketChannel.class).handler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(handlers);
            }
        }).connect(server.localAddress()).sync().channel();
    }

    static Object text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** Answers, and prints the outcome. */
    static final class Echo extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ShutdownOutcome outcome) {
                System.out.println("server: " + outcome.result());
            }
            context.fireUserEventTriggered(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            System.out.println("server: " + cause.getMessage());
        }
    }
}
