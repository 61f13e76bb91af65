package io.closenotify.testsuite.quic;

import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.Waits;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicClientCodecBuilder;
import io.netty.incubator.codec.quic.QuicCodecBuilder;
import io.netty.incubator.codec.quic.QuicServerCodecBuilder;
import io.netty.incubator.codec.quic.QuicSslContextBuilder;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * How our side of QUIC connections is set up: the stock codec on loopback, with room for data and streams, and what a
 * test puts into the pipelines. Each setter changes the object it is called on.
 */
final class QuicSetup {

    static final String PROTOCOL = "closenotify-test";

    private static final EventLoopGroup LOOPS = new NioEventLoopGroup(2, new DefaultThreadFactory("test-quic", true));
    private static final long WINDOW = 1 << 20;

    private String protocol = PROTOCOL;
    private PrivateKey key = TestCertificate.get().key();
    private X509Certificate[] certificates = {TestCertificate.get().cert()};
    private Duration idleTimeout = Duration.ofSeconds(30);
    private long connectionWindow = 10 * WINDOW;
    private long streamWindow = WINDOW;
    private long streams = 100;
    private int port;
    private Consumer<Channel> datagramPipeline = channel -> { };
    private Consumer<QuicChannel> connectionPipeline = channel -> { };
    private Consumer<QuicStreamChannel> streamPipeline = channel -> { };
    private Consumer<QuicCodecBuilder<?>> codec = builder -> { };

    /** The protocol that ALPN negotiates. */
    QuicSetup protocol(String name) {
        protocol = name;
        return this;
    }

    QuicSetup certificate(PrivateKey privateKey, X509Certificate... chain) {
        key = privateKey;
        certificates = chain;
        return this;
    }

    QuicSetup certificate(KeyStore store, String alias, char[] password) throws GeneralSecurityException {
        return certificate((PrivateKey) store.getKey(alias, password),
                Arrays.copyOf(store.getCertificateChain(alias), store.getCertificateChain(alias).length,
                        X509Certificate[].class));
    }

    /** Zero is none. */
    QuicSetup idleTimeout(Duration time) {
        idleTimeout = time;
        return this;
    }

    /** How many bytes the peer may send at first, in all and on each stream. */
    QuicSetup windows(long connection, long stream) {
        connectionWindow = connection;
        streamWindow = stream;
        return this;
    }

    /** How many streams of each direction the peer may open at first. */
    QuicSetup streams(long count) {
        streams = count;
        return this;
    }

    /** Our own port; by default the system chooses one. */
    QuicSetup port(int number) {
        port = number;
        return this;
    }

    /** Puts handlers before the codec, where datagrams pass. */
    QuicSetup datagramPipeline(Consumer<Channel> init) {
        datagramPipeline = init;
        return this;
    }

    /** Puts handlers into the pipeline of each connection, before the one that records. */
    QuicSetup connectionPipeline(Consumer<QuicChannel> init) {
        connectionPipeline = init;
        return this;
    }

    /** Puts handlers into the pipeline of each stream, whoever opened it, before the one that records. */
    QuicSetup streamPipeline(Consumer<QuicStreamChannel> init) {
        streamPipeline = init;
        return this;
    }

    /** Whatever else the codec's builder has to offer. */
    QuicSetup codec(Consumer<QuicCodecBuilder<?>> change) {
        codec = change;
        return this;
    }

    QuicServer server() throws InterruptedException {
        return new QuicServer(this);
    }

    QuicClient client() throws InterruptedException {
        return new QuicClient(this);
    }

    Channel bindServer(Consumer<QuicChannel> init) throws InterruptedException {
        QuicSslContextBuilder ssl = QuicSslContextBuilder.forServer(key, null, certificates);
        return bind(common(new QuicServerCodecBuilder())
                .sslContext(ssl.applicationProtocols(protocol).build())
                .handler(initializer(QuicChannel.class, init))
                .streamHandler(initializer(QuicStreamChannel.class, this::acceptStream))
                .build());
    }

    Channel bindClient() throws InterruptedException {
        QuicSslContextBuilder ssl = QuicSslContextBuilder.forClient()
                .trustManager(InsecureTrustManagerFactory.INSTANCE);
        return bind(common(new QuicClientCodecBuilder())
                .sslContext(ssl.applicationProtocols(protocol).build())
                .build());
    }

    private <B extends QuicCodecBuilder<B>> B common(B builder) {
        builder.initialMaxData(connectionWindow)
                .initialMaxStreamDataBidirectionalLocal(streamWindow)
                .initialMaxStreamDataBidirectionalRemote(streamWindow)
                .initialMaxStreamDataUnidirectional(streamWindow)
                .initialMaxStreamsBidirectional(streams)
                .initialMaxStreamsUnidirectional(streams);
        if (!idleTimeout.isZero()) {
            builder.maxIdleTimeout(idleTimeout.toNanos(), TimeUnit.NANOSECONDS);
        }
        codec.accept(builder);
        return builder;
    }

    private Channel bind(ChannelHandler quic) throws InterruptedException {
        return Waits.done(new Bootstrap().group(LOOPS).channel(NioDatagramChannel.class)
                .handler(initializer(Channel.class, channel -> {
                    datagramPipeline.accept(channel);
                    channel.pipeline().addLast(quic);
                }))
                .bind(InetAddress.getLoopbackAddress(), port)).channel();
    }

    /** Our side of a connection, with its handlers; called by an initializer. */
    OurConnection connection(QuicChannel channel, Consumer<OurConnection> established) {
        connectionPipeline.accept(channel);
        return new OurConnection(this, channel, established);
    }

    /** Our side of a stream that we open; called by an initializer. */
    OurStream stream(QuicStreamChannel channel) {
        streamPipeline.accept(channel);
        return new OurStream(channel);
    }

    void acceptStream(QuicStreamChannel channel) {
        OurConnection.of(channel.parent()).accepted(stream(channel));
    }

    static <C extends Channel> ChannelInitializer<C> initializer(Class<C> type, Consumer<C> init) {
        return new SharableInitializer<>(type, init);
    }

    /** One for all connections of a server. */
    @ChannelHandler.Sharable
    private static final class SharableInitializer<C extends Channel> extends ChannelInitializer<C> {

        private final Class<C> type;
        private final Consumer<C> init;

        SharableInitializer(Class<C> type, Consumer<C> init) {
            this.type = type;
            this.init = init;
        }

        @Override
        protected void initChannel(C channel) {
            init.accept(type.cast(channel));
        }
    }
}
