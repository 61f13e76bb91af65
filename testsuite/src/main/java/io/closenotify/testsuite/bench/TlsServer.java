package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;

import io.closenotify.ShutdownPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelGroupFuture;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** TLS 1.3 servers on loopback, by BoringSSL and one event loop, that accept connections and close all when told to. */
enum TlsServer implements LoadServer {

    /** {@code close()} of stock Netty: it sends close_notify and closes without waiting. */
    TLS_STOCK(null),

    /** {@code close()} with the default policy: it waits for the peer's close_notify and FIN. */
    TLS_BIDIRECTIONAL(ShutdownPolicy.bidirectional()),

    /** {@code close()} with the policy that waits for the peer's FIN alone. */
    TLS_FAST(ShutdownPolicy.fast());

    private static final long DEADLINE_SECONDS = 60;
    private static final int BACKLOG = 1_024;

    @SuppressWarnings("ImmutableEnumChecker")
    private final @Nullable ShutdownPolicy policy;

    TlsServer(@Nullable ShutdownPolicy policy) {
        this.policy = policy;
    }

    private static List<String> failures(ChannelGroupFuture closes) {
        List<String> failures = new ArrayList<>();
        closes.forEach(close -> {
            if (!close.isSuccess()) {
                failures.add(String.valueOf(close.cause()));
            }
        });
        return failures;
    }

    @Override
    public Running start(SelfSignedCertificate certificate, Duration linger) throws SSLException {
        ShutdownPolicy lingering = policy == null ? null : policy.toBuilder().linger(linger).build();
        SslContext context = SslContextBuilder.forServer(certificate.key(), certificate.cert())
                .sslProvider(SslProvider.OPENSSL).protocols("TLSv1.3").build();
        ChannelGroup children = new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE);
        EventLoopGroup loops = new NioEventLoopGroup(1);
        Channel server = new ServerBootstrap().group(loops).channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel child) {
                        child.pipeline().addLast(context.newHandler(child.alloc()));
                        if (lingering != null) {
                            child.pipeline().addLast(TlsShutdownHandler.builder().policy(lingering).build());
                        }
                        child.pipeline().addLast(new Greeting(children));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0).syncUninterruptibly().channel();
        return new Running() {
            @Override
            public InetSocketAddress address() {
                return (InetSocketAddress) server.localAddress();
            }

            @Override
            public long closeAll() {
                long start = System.nanoTime();
                ChannelGroupFuture closes = children.close();
                check(closes.awaitUninterruptibly(DEADLINE_SECONDS, TimeUnit.SECONDS), "still open", children.size());
                long nanos = System.nanoTime() - start;
                check(closes.isSuccess(), "not closed as they should be", failures(closes));
                return nanos;
            }

            @Override
            public long timers() {
                return Timers.givenTo(loops.next());
            }
        };
    }

    /** Tells the client by a byte that the handshake is over here, too. */
    private static final class Greeting extends ChannelInboundHandlerAdapter {

        private final ChannelGroup established;

        Greeting(ChannelGroup established) {
            this.established = established;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
                established.add(context.channel());
                context.writeAndFlush(context.alloc().buffer(1).writeByte(1));
            }
        }
    }
}
