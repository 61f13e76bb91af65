package io.closenotify.examples;

import io.closenotify.ShutdownOutcome;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import java.io.File;
import java.nio.charset.StandardCharsets;

// docs: begin client
/** Says hello, shuts down properly, and prints what came of it. */
final class HelloClient extends SimpleChannelInboundHandler<ByteBuf> {

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        SslContext tls = SslContextBuilder.forClient().trustManager(new File(arguments[1])).build();
        TlsShutdownHandler shutdown = TlsShutdownHandler.builder().build();
        EventLoopGroup loops = new NioEventLoopGroup(1);
        try {
            Channel channel = new Bootstrap().group(loops).channel(NioSocketChannel.class)
                    .handler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel connected) {
                            connected.pipeline().addLast(tls.newHandler(connected.alloc(), "localhost", port),
                                    shutdown, new HelloClient());
                        }
                    }).connect("localhost", port).sync().channel();
            channel.pipeline().get(SslHandler.class).handshakeFuture().sync();
            channel.writeAndFlush(Unpooled.copiedBuffer("hello", StandardCharsets.UTF_8));

            ShutdownOutcome outcome = shutdown.shutdown().sync().getNow();   // throws unless it is a success
            System.out.println("client: " + outcome.result() + ", "
                    + "the peer's close_notify came: " + outcome.closeNotifyReceived());
        } finally {
            loops.shutdownGracefully();
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf message) {
        System.out.println("client: " + message.toString(StandardCharsets.UTF_8));
    }
}
// docs: end client
