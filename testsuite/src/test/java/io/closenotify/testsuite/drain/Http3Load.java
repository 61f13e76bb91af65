package io.closenotify.testsuite.drain;

import io.closenotify.drain.Drain;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicLingerHandler;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.http3.Http3GoAwayHandler;
import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.Waits;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.incubator.codec.http3.DefaultHttp3DataFrame;
import io.netty.incubator.codec.http3.DefaultHttp3Headers;
import io.netty.incubator.codec.http3.DefaultHttp3HeadersFrame;
import io.netty.incubator.codec.http3.Http3;
import io.netty.incubator.codec.http3.Http3ClientConnectionHandler;
import io.netty.incubator.codec.http3.Http3DataFrame;
import io.netty.incubator.codec.http3.Http3GoAwayFrame;
import io.netty.incubator.codec.http3.Http3HeadersFrame;
import io.netty.incubator.codec.http3.Http3RequestStreamInboundHandler;
import io.netty.incubator.codec.http3.Http3ServerConnectionHandler;
import io.netty.incubator.codec.quic.DefaultQuicStreamFrame;
import io.netty.incubator.codec.quic.InsecureQuicTokenHandler;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicCodecBuilder;
import io.netty.incubator.codec.quic.QuicSslContextBuilder;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** HTTP/3, with responses in two DATA frames. */
final class Http3Load implements Load.Protocol {

    private static final long WINDOW = 1 << 20;
    private static final long STREAMS = 100;
    private static final int SOCKET_BUFFER = 4 << 20;
    private static final QuicShutdownPolicy POLICY = QuicShutdownPolicy.compliant().toBuilder()
            .close(QuicConnectionClose.application(0x100, "")).build();

    private final EventLoopGroup servers = new NioEventLoopGroup(2, new DefaultThreadFactory("load-server", true));
    private final EventLoopGroup clients = new NioEventLoopGroup(2, new DefaultThreadFactory("load-client", true));
    private final ChannelGroup sockets = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final ChannelGroup connected = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final boolean stock;
    private final Channel clientSocket;

    /** Stock is without our handlers. */
    Http3Load(boolean stock) throws InterruptedException {
        this.stock = stock;
        clientSocket = bind(clients, common(Http3.newQuicClientCodecBuilder())
                .sslContext(QuicSslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE)
                        .applicationProtocols(Http3.supportedApplicationProtocols()).build())
                .build());
    }

    @Override
    public Load.Server listen(Load load) throws InterruptedException {
        ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
        Channel socket = bind(servers, common(Http3.newQuicServerCodecBuilder())
                .sslContext(QuicSslContextBuilder.forServer(TestCertificate.get().key(), null,
                        TestCertificate.get().cert()).applicationProtocols(Http3.supportedApplicationProtocols())
                        .build())
                .tokenHandler(InsecureQuicTokenHandler.INSTANCE)
                .handler(new ChannelInitializer<QuicChannel>() {
                    @Override
                    protected void initChannel(QuicChannel channel) {
                        connections.add(channel);
                        connected.add(channel);
                        if (!stock) {
                            channel.pipeline().addLast(QuicShutdownHandler.builder().policy(POLICY).build(),
                                    new Http3GoAwayHandler());
                        }
                        channel.pipeline().addLast(new Http3ServerConnectionHandler(
                                new ChannelInitializer<QuicStreamChannel>() {
                                    @Override
                                    protected void initChannel(QuicStreamChannel stream) {
                                        stream.pipeline().addLast(new Application(load));
                                    }
                                }));
                    }
                })
                .build());
        return new Load.Server() {
            @Override
            public SocketAddress address() {
                return socket.localAddress();
            }

            @Override
            public void join(Drain.Builder drain) {
                if (stock) {
                    drain.connections(connections);
                } else {
                    drain.server(QuicLingerHandler.of(socket).drainable());
                }
            }
        };
    }

    private static <B extends QuicCodecBuilder<B>> B common(B builder) {
        return builder.initialMaxData(10 * WINDOW)
                .initialMaxStreamDataBidirectionalLocal(WINDOW)
                .initialMaxStreamDataBidirectionalRemote(WINDOW)
                .initialMaxStreamDataUnidirectional(WINDOW)
                .initialMaxStreamsBidirectional(STREAMS)
                .initialMaxStreamsUnidirectional(STREAMS)
                .maxIdleTimeout(30, TimeUnit.SECONDS);
    }

    private Channel bind(EventLoopGroup loops, ChannelHandler codec) throws InterruptedException {
        Channel socket = Waits.done(new Bootstrap().group(loops).channel(NioDatagramChannel.class)
                .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER).option(ChannelOption.SO_SNDBUF, SOCKET_BUFFER)
                .handler(codec)
                .bind(InetAddress.getLoopbackAddress(), 0)).channel();
        sockets.add(socket);
        return socket;
    }

    @Override
    public void connect(SocketAddress address, ClientSide client) {
        Caller caller = new Caller(client);
        QuicChannel.newBootstrap(clientSocket)
                .handler(new ChannelInitializer<QuicChannel>() {
                    @Override
                    protected void initChannel(QuicChannel channel) {
                        connected.add(channel);
                        if (!stock) {
                            channel.pipeline().addLast(QuicShutdownHandler.builder().policy(POLICY).build());
                        }
                        channel.pipeline().addLast(
                                new Http3ClientConnectionHandler(caller, null, null, null, true));
                    }
                })
                .remoteAddress(address).connect().addListener(done -> {
                    if (done.isSuccess()) {
                        caller.begin((QuicChannel) done.getNow());
                    } else {
                        client.notConnected(clientSocket.eventLoop());
                    }
                });
    }

    @Override
    public void close() {
        connected.close().awaitUninterruptibly(Waits.DEADLINE.toMillis());
        sockets.close().awaitUninterruptibly(Waits.DEADLINE.toMillis());
        servers.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        clients.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }

    /**
     * Puts FIN on the last frame, in front of the codec. Of those that {@code shutdownOutput()} sends alone some never
     * arrive where datagrams are lost.
     */
    private static final class LastFrame extends ChannelOutboundHandlerAdapter {

        static ChannelFuture write(Channel stream, Object frame) {
            stream.pipeline().addFirst(new LastFrame());
            return stream.writeAndFlush(frame);
        }

        @Override
        public void write(ChannelHandlerContext context, Object encoded, ChannelPromise promise) {
            context.write(new DefaultQuicStreamFrame((ByteBuf) encoded, true), promise);
        }
    }

    private static final class Application extends Http3RequestStreamInboundHandler {

        private final Load load;

        Application(Load load) {
            this.load = load;
        }

        @Override
        protected void channelRead(ChannelHandlerContext context, Http3HeadersFrame request) {
            int id = Integer.parseInt(request.headers().path().toString().substring(1));
            load.accepted(id);
            context.executor().schedule(() -> answer(context, id), Load.millis(id), TimeUnit.MILLISECONDS);
        }

        private static void answer(ChannelHandlerContext context, int id) {
            String body = Load.body(id);
            context.write(new DefaultHttp3HeadersFrame(new DefaultHttp3Headers().status("200")));
            context.writeAndFlush(new DefaultHttp3DataFrame(
                    Unpooled.copiedBuffer(body.substring(0, 1), StandardCharsets.US_ASCII)));
            context.executor().schedule(() -> LastFrame.write(context.channel(), new DefaultHttp3DataFrame(
                    Unpooled.copiedBuffer(body.substring(1), StandardCharsets.US_ASCII))),
                    Load.millis(id), TimeUnit.MILLISECONDS);
        }

        @Override
        protected void channelRead(ChannelHandlerContext context, Http3DataFrame data) {
            data.release();
        }

        @Override
        protected void channelInputClosed(ChannelHandlerContext context) {
            // The request has no body.
        }
    }

    /** Reads the control stream, too. */
    private static final class Caller extends ChannelInboundHandlerAdapter {

        private final ClientSide client;
        private long firstUnprocessed = Long.MAX_VALUE;

        Caller(ClientSide client) {
            this.client = client;
        }

        void begin(QuicChannel connection) {
            connection.closeFuture().addListener(closed -> client.closed(stream -> stream >= firstUnprocessed));
            client.opened(connection.eventLoop(), id -> {
                Future<QuicStreamChannel> opened = Http3.newRequestStream(connection, new Response(id, client));
                if (!opened.isSuccess()) {
                    throw new IllegalStateException("expected at once, on the event loop", opened.cause());
                }
                QuicStreamChannel stream = opened.getNow();
                LastFrame.write(stream, new DefaultHttp3HeadersFrame(new DefaultHttp3Headers().method("GET")
                        .scheme("https").authority("localhost").path("/" + id)));
                return stream.streamId();
            });
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object frame) {
            if (frame instanceof Http3GoAwayFrame goAway) {
                client.ending();
                firstUnprocessed = goAway.id();
            }
            ReferenceCountUtil.release(frame);
        }
    }

    private static final class Response extends Http3RequestStreamInboundHandler {

        private final int id;
        private final ClientSide client;
        private final StringBuilder body = new StringBuilder();

        Response(int id, ClientSide client) {
            this.id = id;
            this.client = client;
        }

        @Override
        protected void channelRead(ChannelHandlerContext context, Http3HeadersFrame head) {
            // All say 200.
        }

        @Override
        protected void channelRead(ChannelHandlerContext context, Http3DataFrame data) {
            body.append(data.content().toString(StandardCharsets.US_ASCII));
            data.release();
        }

        @Override
        protected void channelInputClosed(ChannelHandlerContext context) {
            client.answered(id, body.toString());
        }
    }
}
