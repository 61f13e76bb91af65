package io.closenotify.examples.cli;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A client with a socket of its own for each connection. */
final class SocketClient implements Client {

    private final EventLoopGroup loop = new NioEventLoopGroup(1);
    private final Bootstrap sockets;
    private final HostAndPort target;
    private final Initializers initializers;

    /**
     * Creates a client.
     *
     * @param sockets the kind of socket, and its options
     */
    SocketClient(Bootstrap sockets, HostAndPort target, Initializers initializers) {
        this.sockets = sockets.group(loop);
        this.target = target;
        this.initializers = initializers;
    }

    /** Makes what sets up one connection. */
    @FunctionalInterface
    interface Initializers {

        ChannelHandler initializer(App app, Consumer<? super ConnectionReport> reports);
    }

    @Override
    public Future<?> connect(App app, Consumer<? super ConnectionReport> reports) throws IOException {
        ChannelFuture connected = sockets.clone()
                .handler(initializers.initializer(app, reports))
                .connect(target.host(), target.port())
                .awaitUninterruptibly();
        if (!connected.isSuccess()) {
            throw new IOException("cannot connect to " + target + ": " + Failures.describe(connected.cause()),
                    connected.cause());
        }
        // The linger goes on behind the outcome: leaving earlier would leave late records of the peer to the kernel.
        return connected.channel().closeFuture();
    }

    @Override
    public void close() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
