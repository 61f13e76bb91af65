package io.closenotify.examples.cli;

import io.closenotify.ShutdownPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelGroupFuture;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A listener and its connections. */
final class TlsServer {

    private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** One loop for the listener and its connections: once the listener is closed, whatever it accepted is known. */
    private final EventLoopGroup loop = new NioEventLoopGroup(1);
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Log log;
    private final Channel listener;

    private TlsServer(SslContext context, ShutdownPolicy policy, App app, Consumer<? super ConnectionReport> reports,
            Log log, String host, int port) throws IOException {
        this.log = log;
        App tracked = pipeline -> {
            connections.add(pipeline.channel());
            app.install(pipeline);
        };
        ChannelFuture bound = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .childHandler(new TlsInitializer(channel -> context.newHandler(channel.alloc()), policy, tracked,
                        reports, log))
                .bind(host, port)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            stop();
            throw new IOException("cannot listen on " + new HostAndPort(host, port) + ": "
                    + Failures.describe(bound.cause()), bound.cause());
        }
        listener = bound.channel();
    }

    static TlsServer start(SslContext context, ShutdownPolicy policy, App app,
            Consumer<? super ConnectionReport> reports, Log log, String host, int port) throws IOException {
        return new TlsServer(context, policy, app, reports, log, host, port);
    }

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    void awaitClosed() throws InterruptedException {
        listener.closeFuture().await();
    }

    /**
     * Closes the listener, shuts every connection down by its policy, and forces those that are not done in time.
     *
     * @param timeout zero waits without end
     * @return how many were forced
     */
    int drain(Duration timeout) {
        long start = System.nanoTime();
        listener.close().awaitUninterruptibly();
        log.say("drain: " + connections.size() + " connections");
        ChannelGroupFuture closed = connections.newCloseFuture();
        for (Channel connection : connections) {
            connection.pipeline().get(TlsShutdownHandler.class).shutdown();
        }
        boolean inTime = closed.isDone();
        for (long left = left(start, timeout); !inTime && left > 0; left = left(start, timeout)) {
            inTime = closed.awaitUninterruptibly(Math.min(left, PROGRESS_NANOS), TimeUnit.NANOSECONDS);
            log.say("drain: " + connections.size() + " connections left");
        }
        int forced = 0;
        for (Channel connection : connections) {
            connection.pipeline().get(TlsShutdownHandler.class).abort();
            forced++;
        }
        // What is still queued there, the last reports among it, runs first.
        stop();
        log.say("drain: done, " + forced + " connections forced");
        return forced;
    }

    private static long left(long start, Duration timeout) {
        return timeout.isZero() ? Long.MAX_VALUE : timeout.toNanos() - (System.nanoTime() - start);
    }

    void stop() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
