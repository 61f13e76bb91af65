package io.closenotify.examples;

import io.closenotify.drain.ConnectionTracker;
import io.closenotify.drain.Drain;
import io.closenotify.drain.DrainPolicy;
import io.closenotify.drain.DrainReport;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A server goes out of service: every client is told, whoever does not answer is forced at the deadline. */
public final class DrainExample {

    private DrainExample() {
    }

    /**
     * Runs the example with a client of its own.
     *
     * @param arguments none
     * @throws Exception if it fails
     */
    public static void main(String[] arguments) throws Exception {
        SslContext context = Loopback.serverContext();
        EventLoopGroup loops = new NioEventLoopGroup(1);
        try (Loopback clients = new Loopback()) {
            Channel server = new ServerBootstrap().group(loops).channel(NioServerSocketChannel.class)
                    .handler(new ConnectionTracker())
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(context.newHandler(channel.alloc()),
                                    TlsShutdownHandler.builder().build(), new Loopback.Echo());
                        }
                    })
                    .bind("127.0.0.1", 0).sync().channel();

            // docs: begin drain
            Drain drain = Drain.builder()
                    .policy(DrainPolicy.atOnce().toBuilder()
                            .spread(Duration.ofMillis(100))
                            .deadline(Duration.ofSeconds(10))
                            // Who is in the middle of its handshake gets to its end; else it would be given up.
                            .hooks(channel -> channel.pipeline().get(SslHandler.class).handshakeFuture())
                            .build())
                    .server(server)
                    .progress(Duration.ofSeconds(1), progress -> System.out.println("drain: " + progress))
                    .build();
            // docs: end drain

            TlsShutdownHandler client = TlsShutdownHandler.builder().build();
            Channel connection = clients.connect(server,
                    Loopback.clientContext().newHandler(server.alloc(), "localhost", 0), client);
            connection.pipeline().get(SslHandler.class).handshakeFuture().sync();

            // A server does this in a shutdown hook of the JVM: see drainAtSigterm.
            // docs: begin drain-start
            DrainReport report = drain.start().sync().getNow();   // never on an event loop
            System.out.println("forced: " + report.forced() + " of " + report.connections());
            // docs: end drain-start
            connection.closeFuture().sync();
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    // docs: begin sigterm
    static void drainAtSigterm(Drain drain) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            DrainReport report = drain.start().awaitUninterruptibly().getNow();
            Runtime.getRuntime().halt(report.forced() == 0 ? 0 : 1);
        }));
    }
    // docs: end sigterm
}
