package io.closenotify.examples.cli;

import io.closenotify.quic.QuicLingerHandler;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownPolicy;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicClientCodecBuilder;
import io.netty.incubator.codec.quic.QuicSslContext;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.PromiseNotifier;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A client by QUIC: one UDP socket for all its connections. */
final class QuicClient implements Client {

    private static final int CONNECT_TIMEOUT_MILLIS = 10_000;

    /** Longer than three probe timeouts on any path that is of use. */
    private static final long LONGEST_CLOSING_SECONDS = 30;

    private final QuicShutdownPolicy policy;
    private final InetSocketAddress target;
    private final boolean autoRead;
    private final Log log;
    private final EventLoopGroup loop;
    private final Channel udp;

    private QuicClient(QuicShutdownPolicy policy, InetSocketAddress target, boolean autoRead, Log log,
            EventLoopGroup loop, Channel udp) {
        this.policy = policy;
        this.target = target;
        this.autoRead = autoRead;
        this.log = log;
        this.loop = loop;
        this.udp = udp;
    }

    static QuicClient open(QuicSslContext context, QuicShutdownPolicy policy, Duration idleTimeout,
            HostAndPort target, boolean autoRead, Log log) throws IOException {
        InetSocketAddress address = new InetSocketAddress(target.host(), target.port());
        if (address.isUnresolved()) {
            throw new IOException("cannot connect to " + target + ": unknown host");
        }
        EventLoopGroup loop = new NioEventLoopGroup(1);
        ChannelFuture bound = new Bootstrap()
                .group(loop)
                .channel(NioDatagramChannel.class)
                .handler(QuicCodecs.configured(new QuicClientCodecBuilder(), idleTimeout)
                        // The session cache goes by the name and the port.
                        .sslEngineProvider(channel ->
                                context.newEngine(channel.alloc(), target.host(), target.port()))
                        .build())
                .bind(0)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            stop(loop);
            throw new IOException("cannot connect to " + target + ": " + Failures.describe(bound.cause()),
                    bound.cause());
        }
        return new QuicClient(policy, address, autoRead, log, loop, bound.channel());
    }

    @Override
    public Future<?> connect(App app, Consumer<? super ConnectionReport> reports) {
        Promise<Void> gone = loop.next().newPromise();
        ChannelHandler streams = new QuicStreamInitializer(app, log);
        QuicChannel.newBootstrap(udp)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
                .handler(new QuicInitializer(
                        QuicShutdownHandler.builder().policy(policy), app, autoRead, streams, reports,
                        channel -> PromiseNotifier.cascade(channel.closeFuture(), gone), log))
                .streamHandler(streams)
                .remoteAddress(target)
                .connect()
                .addListener(connected -> {
                    if (!connected.isSuccess()) {
                        log.say("cannot connect to " + NetUtil.toSocketAddressString(target) + ": "
                                + reason(connected.cause()));
                    }
                });
        return gone;
    }

    private static String reason(Throwable failure) {
        // The codec's own message names no address.
        return failure instanceof ConnectTimeoutException
                ? "no answer within " + CONNECT_TIMEOUT_MILLIS + " ms" : Failures.describe(failure);
    }

    @Override
    public void close() {
        if (policy.mode() != QuicShutdownMode.RAPID) {
            // RFC 9000, section 10.2: a peer that lost our CONNECTION_CLOSE gets another one in answer.
            QuicLingerHandler.of(udp).idle().awaitUninterruptibly(LONGEST_CLOSING_SECONDS, TimeUnit.SECONDS);
        }
        udp.close().awaitUninterruptibly();
        stop(loop);
    }

    private static void stop(EventLoopGroup loop) {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
