package io.closenotify.examples.cli;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelGroupFuture;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A listener and its connections. */
abstract class Server {

    private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** One loop for the listener and its connections: once nothing more is accepted, whatever was is known. */
    private final EventLoopGroup loop = new NioEventLoopGroup(1);
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Log log;
    private final Channel listener;

    Server(Binding binding, String host, int port, Log log) throws IOException {
        this.log = log;
        ChannelFuture bound = binding.bind(loop, connections::add).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            stopLoop();
            throw new IOException("cannot listen on " + new HostAndPort(host, port) + ": "
                    + Failures.describe(bound.cause()), bound.cause());
        }
        listener = bound.channel();
    }

    /** Opens the listener of a protocol. */
    @FunctionalInterface
    interface Binding {

        /**
         * Binds.
         *
         * @param loop the loop for the listener and its connections
         * @param connections is to be told of each connection
         */
        ChannelFuture bind(EventLoopGroup loop, Consumer<Channel> connections);
    }

    /** Accepts no connection from now on; done when this returns. */
    abstract void refuse(Channel listener);

    /** What a channel that was told of in {@link Binding#bind} is. */
    abstract Connection connection(Channel channel);

    /** Waits at most so long until late packets of the peers need no answer any more, and gives up the port. */
    abstract void release(Channel listener, long timeoutNanos);

    final int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    final void awaitClosed() throws InterruptedException {
        listener.closeFuture().await();
    }

    /**
     * Refuses new connections, shuts every connection down by its policy, and forces those that are not done in time.
     *
     * @param timeout zero waits without end
     * @return how many were forced
     */
    final int drain(Duration timeout) {
        long start = System.nanoTime();
        refuse(listener);
        log.say("drain: " + connections.size() + " connections");
        ChannelGroupFuture closed = connections.newCloseFuture();
        for (Channel connection : connections) {
            connection(connection).close();
        }
        boolean inTime = closed.isDone();
        for (long left = left(start, timeout); !inTime && left > 0; left = left(start, timeout)) {
            inTime = closed.awaitUninterruptibly(Math.min(left, PROGRESS_NANOS), TimeUnit.NANOSECONDS);
            log.say("drain: " + connections.size() + " connections left");
        }
        int forced = 0;
        for (Channel connection : connections) {
            if (connection(connection).abort()) {
                forced++;
            }
        }
        release(listener, Math.max(0, left(start, timeout)));
        // What is still queued there, the last reports among it, runs first.
        stopLoop();
        log.say("drain: done, " + forced + " connections forced");
        return forced;
    }

    private static long left(long start, Duration timeout) {
        return timeout.isZero() ? Long.MAX_VALUE : timeout.toNanos() - (System.nanoTime() - start);
    }

    /** Ends at once. */
    final void stop() {
        release(listener, 0);
        stopLoop();
    }

    private void stopLoop() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
