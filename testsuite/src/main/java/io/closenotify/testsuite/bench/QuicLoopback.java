package io.closenotify.testsuite.bench;

import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testkit.UdpFaultRelay;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import io.netty.incubator.codec.quic.InsecureQuicTokenHandler;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicClientCodecBuilder;
import io.netty.incubator.codec.quic.QuicCodecBuilder;
import io.netty.incubator.codec.quic.QuicServerCodecBuilder;
import io.netty.incubator.codec.quic.QuicSslContext;
import io.netty.incubator.codec.quic.QuicSslContextBuilder;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.PromiseCombiner;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A server of the QUIC codec on loopback, and clients of it, with or without this library's handlers. Every wait has a
 * deadline.
 */
final class QuicLoopback implements AutoCloseable {

    private static final int CODE = 7;
    private static final String REASON = "bye";
    private static final long DEADLINE_SECONDS = 60;
    private static final long SILENCE_SECONDS = 3;
    private static final Duration SETTLING = Duration.ofMillis(200);
    private static final int HANDSHAKES_AT_ONCE = 32;
    private static final int HANDSHAKE_ATTEMPTS = 10;
    private static final int SOCKET_BUFFER = 4 << 20;
    private static final int WINDOW = 16 << 20;
    private static final int STREAMS = 100;
    private static final String PROTOCOL = "closenotify";

    private final BlockingQueue<QuicPeer> active = new LinkedBlockingQueue<>();
    private final BlockingQueue<QuicPeer> told = new LinkedBlockingQueue<>();
    private final BlockingQueue<QuicPeer> ended = new LinkedBlockingQueue<>();
    private final AtomicInteger opened = new AtomicInteger();
    private final EventLoopGroup loops;
    private final Duration idleTimeout;
    private final QuicSslContext clientTls;
    private final Channel server;
    private final Consumer<? super QuicPeer> receiver;

    /**
     * Connections between the server and one UDP channel.
     *
     * @param clients the clients' ends
     * @param peers the server's ends, in another order
     */
    record Connections(List<QuicChannel> clients, List<QuicPeer> peers) {
    }

    /**
     * Starts the server.
     *
     * @param loops one event loop for all, or two, the other one for the first client's UDP channel
     * @param idleTimeout of every connection
     * @param policy the server's, or {@code null} for a stock pipeline
     * @param receiver called when a peer has read from a stream, on the server's event loop
     */
    QuicLoopback(int loops, Duration idleTimeout, @Nullable QuicShutdownPolicy policy,
            Consumer<? super QuicPeer> receiver) throws CertificateException {
        this.loops = new NioEventLoopGroup(loops);
        this.idleTimeout = idleTimeout;
        this.receiver = receiver;
        SelfSignedCertificate certificate = new SelfSignedCertificate("localhost", "EC", 256);
        try {
            clientTls = QuicSslContextBuilder.forClient()
                    .trustManager(InsecureTrustManagerFactory.INSTANCE)
                    .applicationProtocols(PROTOCOL)
                    .build();
            server = bind(parameters(new QuicServerCodecBuilder())
                    .sslContext(QuicSslContextBuilder.forServer(certificate.key(), null, certificate.cert())
                            .applicationProtocols(PROTOCOL)
                            .build())
                    .tokenHandler(InsecureQuicTokenHandler.INSTANCE)
                    .handler(new ChannelInitializer<QuicChannel>() {
                        @Override
                        protected void initChannel(QuicChannel channel) {
                            addShutdownHandler(channel, policy);
                            channel.pipeline().addLast(new QuicPeer(QuicLoopback.this, channel));
                        }
                    })
                    .streamHandler(new ChannelInitializer<QuicStreamChannel>() {
                        @Override
                        protected void initChannel(QuicStreamChannel stream) {
                            // By the config: the codec warns of the same as an option, although it obeys.
                            stream.config().setReadFrames(true);
                            stream.pipeline().addLast(new QuicPeer.Stream());
                        }
                    })
                    .build());
        } finally {
            certificate.delete();
        }
    }

    private static void addShutdownHandler(Channel channel, @Nullable QuicShutdownPolicy policy) {
        if (policy != null) {
            channel.pipeline().addLast(QuicShutdownHandler.builder().policy(policy).build());
        }
    }

    InetSocketAddress address() {
        return (InetSocketAddress) server.localAddress();
    }

    /** Opens a UDP channel for clients. */
    Channel bindClient() {
        return bind(parameters(new QuicClientCodecBuilder().sslContext(clientTls)).build());
    }

    /**
     * Starts a handshake.
     *
     * @param udp one of {@link #bindClient}
     * @param to the server, or a relay to it
     * @param policy the client's, or {@code null} for a stock pipeline
     */
    Future<QuicChannel> connect(Channel udp, InetSocketAddress to, @Nullable QuicShutdownPolicy policy) {
        return QuicChannel.newBootstrap(udp)
                // The codec's task for it is not cancelled, and would keep closed connections in memory for its time.
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
                .handler(new ChannelInitializer<QuicChannel>() {
                    @Override
                    protected void initChannel(QuicChannel channel) {
                        addShutdownHandler(channel, policy);
                    }
                })
                .streamHandler(new ChannelInboundHandlerAdapter())
                .remoteAddress(to)
                .connect();
    }

    /**
     * Connects through a relay, from a UDP channel of its own: the relay draws for each client. If the handshake is
     * lost there, tries again.
     */
    QuicChannel connectThrough(UdpFaultRelay relay, @Nullable QuicShutdownPolicy policy) throws InterruptedException {
        for (int attempt = 0; attempt < HANDSHAKE_ATTEMPTS; attempt++) {
            Future<QuicChannel> handshake = connect(bindClient(), relay.address(), policy);
            if (handshake.await(DEADLINE_SECONDS, TimeUnit.SECONDS) && handshake.isSuccess()) {
                return handshake.getNow();
            }
        }
        throw new IllegalStateException("no handshake in " + HANDSHAKE_ATTEMPTS + " attempts through " + relay);
    }

    static QuicStreamChannel openStream(QuicChannel channel) throws InterruptedException {
        return await(channel.createStream(QuicStreamType.BIDIRECTIONAL, new ChannelInboundHandlerAdapter()));
    }

    /** Opens connections, some at once; both ends are established when this returns. */
    Connections connect(Channel udp, int count, @Nullable QuicShutdownPolicy policy) throws InterruptedException {
        List<QuicChannel> clients = new ArrayList<>(count);
        Queue<Future<QuicChannel>> handshakes = new ArrayDeque<>();
        for (int i = 0; i < count + HANDSHAKES_AT_ONCE; i++) {
            if (i < count) {
                handshakes.add(connect(udp, address(), policy));
            }
            if (i >= HANDSHAKES_AT_ONCE && !handshakes.isEmpty()) {
                clients.add(await(handshakes.remove()));
            }
        }
        List<QuicPeer> peers = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            peers.add(take(active));
        }
        return new Connections(clients, peers);
    }

    /** The same policy, with the code and the reason of {@link #close}. */
    static QuicShutdownPolicy closing(QuicShutdownPolicy policy) {
        return policy.toBuilder().close(QuicConnectionClose.application(CODE, REASON)).build();
    }

    /** Closes as an application does, with a code and a reason; the same call whatever the pipeline. */
    static ChannelFuture close(QuicChannel channel) {
        return channel.close(true, CODE, Unpooled.copiedBuffer(REASON, StandardCharsets.UTF_8));
    }

    /** Closes all of them in one task, and returns when the futures of all are done. */
    static void closeAll(Channel udp, List<QuicChannel> connections) throws InterruptedException {
        Promise<Void> allClosed = udp.eventLoop().newPromise();
        udp.eventLoop().execute(() -> {
            PromiseCombiner closes = new PromiseCombiner(udp.eventLoop());
            for (QuicChannel connection : connections) {
                ChannelFuture closed = close(connection);
                closes.add(closed);
            }
            closes.finish(allClosed);
        });
        await(allClosed);
    }

    /** Returns when the handshakes have left nothing behind, such as their last acknowledgement. */
    static void awaitSettled(Channel udp) throws InterruptedException {
        await(udp.eventLoop().schedule(() -> { }, SETTLING.toMillis(), TimeUnit.MILLISECONDS));
    }

    /** Whether the peer was told just what {@link #close} says. */
    static boolean isTold(QuicPeer peer) {
        return new QuicPeer.Close(true, CODE, REASON).equals(peer.close());
    }

    void opened() {
        opened.incrementAndGet();
    }

    void active(QuicPeer peer) {
        active.add(peer);
    }

    void received(QuicPeer peer) {
        receiver.accept(peer);
    }

    void told(QuicPeer peer) {
        told.add(peer);
    }

    void ended(QuicPeer peer) {
        ended.add(peer);
    }

    /** The next server's end at which CONNECTION_CLOSE arrived. */
    QuicPeer takeTold() throws InterruptedException {
        return take(told);
    }

    /** The same, or {@code null} if there is none for a while. */
    @Nullable QuicPeer pollTold() throws InterruptedException {
        return told.poll(SILENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** The next server's end that is closed, however that came about; those that never were established left out. */
    QuicPeer takeEnded() throws InterruptedException {
        QuicPeer peer = take(ended);
        while (!peer.wasActive()) {
            peer = take(ended);
        }
        return peer;
    }

    /** All server's ends that ever were, when all of them are closed; nothing else may take from them. */
    List<QuicPeer> takeAllEnded() throws InterruptedException {
        List<QuicPeer> all = new ArrayList<>();
        while (all.size() < opened.get()) {
            all.add(take(ended));
        }
        return all;
    }

    /** Forgets the peers that nobody took. */
    void forgetPeers() {
        active.clear();
        told.clear();
        ended.clear();
    }

    static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
        T taken = queue.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
        if (taken == null) {
            throw new IllegalStateException("nothing within " + DEADLINE_SECONDS + " s");
        }
        return taken;
    }

    static <T> T await(Future<T> future) throws InterruptedException {
        if (!future.await(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("not done within " + DEADLINE_SECONDS + " s: " + future);
        }
        return future.syncUninterruptibly().getNow();
    }

    private Channel bind(ChannelHandler codec) {
        return new Bootstrap().group(loops).channel(NioDatagramChannel.class)
                .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER)
                .option(ChannelOption.SO_SNDBUF, SOCKET_BUFFER)
                .handler(codec)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).syncUninterruptibly().channel();
    }

    private <B extends QuicCodecBuilder<B>> B parameters(B builder) {
        return builder
                .maxIdleTimeout(idleTimeout.toMillis(), TimeUnit.MILLISECONDS)
                .initialMaxData(WINDOW)
                .initialMaxStreamDataBidirectionalLocal(WINDOW)
                .initialMaxStreamDataBidirectionalRemote(WINDOW)
                .initialMaxStreamDataUnidirectional(WINDOW)
                .initialMaxStreamsBidirectional(STREAMS)
                .initialMaxStreamsUnidirectional(STREAMS);
    }

    @Override
    public void close() {
        server.close().awaitUninterruptibly(DEADLINE_SECONDS, TimeUnit.SECONDS);
        loops.shutdownGracefully(0, DEADLINE_SECONDS, TimeUnit.SECONDS)
                .awaitUninterruptibly(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }
}
