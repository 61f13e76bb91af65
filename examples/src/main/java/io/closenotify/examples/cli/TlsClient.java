package io.closenotify.examples.cli;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A client by TLS. */
final class TlsClient implements Client {

    private final EventLoopGroup loop = new NioEventLoopGroup(1);
    private final SslContext context;
    private final TlsTransport transport;
    private final HostAndPort target;
    private final boolean autoRead;
    private final Log log;

    TlsClient(SslContext context, TlsTransport transport, HostAndPort target, boolean autoRead, Log log) {
        this.context = context;
        this.transport = transport;
        this.target = target;
        this.autoRead = autoRead;
        this.log = log;
    }

    @Override
    public Future<?> connect(App app, Consumer<? super ConnectionReport> reports) throws IOException {
        ChannelFuture connected = new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.AUTO_READ, autoRead)
                .handler(new TlsInitializer(
                        channel -> context.newHandler(channel.alloc(), target.host(), target.port()), transport, app,
                        reports, log))
                .connect(target.host(), target.port())
                .awaitUninterruptibly();
        if (!connected.isSuccess()) {
            throw new IOException("cannot connect to " + target + ": " + Failures.describe(connected.cause()),
                    connected.cause());
        }
        // The linger goes on behind the outcome: leaving earlier would make the kernel answer late data with RST.
        return connected.channel().closeFuture();
    }

    @Override
    public void close() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
