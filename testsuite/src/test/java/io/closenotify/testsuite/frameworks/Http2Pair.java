package io.closenotify.testsuite.frameworks;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.PeerCloseNotifyEvent;
import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;

/**
 * A server with the multiplexer and our handler, and a stock client that tells, in the order of arrival and so of the
 * wire, what it sees of the end.
 */
final class Http2Pair implements AutoCloseable {

    private static final EventLoopGroup LOOPS = new NioEventLoopGroup(2);
    private static final ApplicationProtocolConfig ALPN = new ApplicationProtocolConfig(Protocol.ALPN,
            SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT,
            ApplicationProtocolNames.HTTP_2);

    private final BlockingQueue<Channel> connections = new LinkedBlockingQueue<>();
    private final BlockingQueue<Channel> streams = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private final Outcomes outcomes = new Outcomes();
    private final boolean defers;
    private final Channel server;
    private final Channel client;

    Http2Pair(TlsSetup setup, ShutdownPolicy policy) throws Exception {
        defers = policy.onPeerCloseNotify() == PeerClosePolicy.DEFER;
        SslContext atServer = context(setup, SslContextBuilder.forServer(
                TestCertificate.get().key(), TestCertificate.get().cert()));
        // BoringSSL reads no more once it has sent its close_notify.
        SslContext atClient = context(setup.with(SslProvider.JDK), SslContextBuilder.forClient()
                .trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm(null));
        Channel listener = new ServerBootstrap().group(LOOPS).channel(NioServerSocketChannel.class)
                .childHandler(initializer(channel -> channel.pipeline().addLast(atServer.newHandler(channel.alloc()),
                        TlsShutdownHandler.builder().policy(policy).build(), new Negotiation())))
                .bind(InetAddress.getLoopbackAddress(), 0).sync().channel();
        client = new Bootstrap().group(LOOPS).channel(NioSocketChannel.class)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .handler(initializer(channel -> channel.pipeline().addLast(atClient.newHandler(channel.alloc()),
                        Http2FrameCodecBuilder.forClient().build(),
                        new Http2MultiplexHandler(initializer(pushed -> { })), new Witness())))
                .connect(listener.localAddress()).sync().channel();
        assertThat(Waits.done(client.pipeline().get(SslHandler.class).handshakeFuture()).isSuccess()).isTrue();
        server = Waits.next(connections, "a connection");
        Waits.done(listener.close());
    }

    private static SslContext context(TlsSetup setup, SslContextBuilder builder) throws SSLException {
        return builder.sslProvider(setup.provider()).protocols(setup.protocol()).applicationProtocolConfig(ALPN)
                .build();
    }

    private static ChannelHandler initializer(Consumer<Channel> initialization) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                initialization.accept(channel);
            }
        };
    }

    Channel server() {
        return server;
    }

    /** Opens a stream and returns the server's end of it. */
    Channel open() throws InterruptedException {
        Channel stream = Waits.done(new Http2StreamChannelBootstrap(client).handler(new Witness()).open()).getNow();
        assertThat(Waits.done(stream.writeAndFlush(new DefaultHttp2HeadersFrame(
                new DefaultHttp2Headers().method("GET").path("/").scheme("https"), true))).cause()).isNull();
        return Waits.next(streams, "a stream");
    }

    void peerSendsCloseNotify() {
        client.pipeline().get(SslHandler.class).closeOutbound();
    }

    void peerSees(String... events) throws InterruptedException {
        for (String event : events) {
            assertThat(Waits.next(seen, event)).isEqualTo(event);
        }
    }

    ShutdownOutcome outcome() throws InterruptedException {
        return outcomes.next();
    }

    @Override
    public void close() {
        client.close();
        assertThat(client.closeFuture().awaitUninterruptibly(Waits.DEADLINE.toMillis())).isTrue();
        assertThat(server.closeFuture().awaitUninterruptibly(Waits.DEADLINE.toMillis())).isTrue();
    }

    /** At the server: HTTP/2 once it is agreed on. */
    private final class Negotiation extends ApplicationProtocolNegotiationHandler {

        Negotiation() {
            super(ApplicationProtocolNames.HTTP_1_1);
        }

        @Override
        protected void configurePipeline(ChannelHandlerContext context, String protocol) {
            assertThat(protocol).isEqualTo(ApplicationProtocolNames.HTTP_2);
            // By default this codec gives open streams no time at all.
            context.pipeline().addLast(
                    Http2FrameCodecBuilder.forServer().gracefulShutdownTimeoutMillis(Waits.DEADLINE.toMillis()).build(),
                    new Http2MultiplexHandler(initializer(stream -> streams.add(stream))), new Ending());
            connections.add(context.channel());
        }
    }

    private final class Ending extends ChannelInboundHandlerAdapter {

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ShutdownOutcome outcome) {
                outcomes.accept(context.channel(), outcome);
            } else if (event instanceof PeerCloseNotifyEvent && defers) {
                context.channel().close();
            }
        }
    }

    private final class Witness extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof Http2GoAwayFrame) {
                seen.add("GOAWAY");
            } else if (message instanceof Http2DataFrame data) {
                seen.add("DATA " + data.content().toString(StandardCharsets.US_ASCII)
                        + (data.isEndStream() ? " END_STREAM" : ""));
            }
            ReferenceCountUtil.release(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (context.channel() instanceof Http2StreamChannel) {
                // The multiplexer tells it to the streams, too.
                return;
            }
            if (event instanceof SslCloseCompletionEvent close) {
                seen.add(close.isSuccess() ? "close_notify" : close.toString());
                context.pipeline().get(SslHandler.class).closeOutbound();
            } else if (event instanceof ChannelInputShutdownEvent) {
                seen.add("FIN");
                context.pipeline().firstContext().close();
            }
        }
    }
}
