package io.closenotify.examples;

import io.closenotify.ShutdownOutcome;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;

// docs: begin server
/** Sends back what it reads, and prints how each connection ended. */
final class HelloServer extends ChannelInboundHandlerAdapter {

    public static void main(String[] arguments) throws Exception {
        SslContext tls = SslContextBuilder.forServer(new File(arguments[1]), new File(arguments[2])).build();
        new ServerBootstrap().group(new NioEventLoopGroup()).channel(NioServerSocketChannel.class)
                .childHandler(pipeline(tls)).bind("localhost", Integer.parseInt(arguments[0])).sync();
    }

    static ChannelInitializer<Channel> pipeline(SslContext tls) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(tls.newHandler(channel.alloc()),
                        TlsShutdownHandler.builder().build(),   // directly behind the SslHandler
                        new HelloServer());
            }
        };
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        context.writeAndFlush(message);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ShutdownOutcome outcome) {
            System.out.println("server: " + outcome.result() + ", begun by " + outcome.initiator());
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        System.out.println("server: " + cause.getMessage());
    }
}
// docs: end server
