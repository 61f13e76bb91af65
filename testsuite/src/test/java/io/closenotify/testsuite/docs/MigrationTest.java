package io.closenotify.testsuite.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.ScriptedTlsPeer;
import io.closenotify.testkit.TlsScript;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The recipes for TLS in docs/migration.md: what the code before them does, and what the code after them does. */
@ExtendWith(LeakAndLogCheck.class)
class MigrationTest {

    /** More than the receiver's kernel takes while nobody reads, less than the sender's. */
    private static final int BYTES = 200_000;
    private static final int SEND_BUFFER = 400_000;
    private static final int RECEIVE_BUFFER = 16_384;
    private static final int MOST_ATTEMPTS = 10;

    private final EventLoopGroup loops = new NioEventLoopGroup(2);
    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();
    private final BlockingQueue<Long> received = new LinkedBlockingQueue<>();

    @AfterEach
    void endLoops() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    // From a bare SslHandler.

    private static void bare(ChannelPipeline pipeline, SslContext tls) {
        // docs: begin bare-before
        pipeline.addLast(tls.newHandler(pipeline.channel().alloc()), new ApplicationHandler());
        // docs: end bare-before
    }

    private static void shutDown(ChannelPipeline pipeline, SslContext tls) {
        // docs: begin bare-after
        pipeline.addLast(tls.newHandler(pipeline.channel().alloc()), TlsShutdownHandler.builder().build(),
                new ApplicationHandler());
        // docs: end bare-after
    }

    private static ChannelFuture send(Channel channel, ByteBuf data) {
        // docs: begin bare-close
        return channel.writeAndFlush(data).addListener(ChannelFutureListener.CLOSE);
        // docs: end bare-close
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"JDK", "OPENSSL"})
    void a_bare_handler_loses_the_tail_and_its_close_succeeds(SslProvider engine) throws Exception {
        long least = BYTES;
        // Unless the server's tickets come only after the close.
        for (int attempt = 0; least == BYTES && attempt < MOST_ATTEMPTS; attempt++) {
            least = arrived(engine, MigrationTest::bare, true);
        }
        assertThat(least).isLessThan(BYTES);
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"JDK", "OPENSSL"})
    void behind_it_our_handler_loses_nothing(SslProvider engine) throws Exception {
        assertThat(arrived(engine, MigrationTest::shutDown, false)).isEqualTo(BYTES);
    }

    private interface Recipe {

        void add(ChannelPipeline pipeline, SslContext tls);
    }

    /**
     * A client that only writes closes; the server's application reads when all was written, or even closed. The client
     * reads no ticket, with autoRead off; with it on it is a race, which {@code DeliveryAtClose} measures.
     */
    private long arrived(SslProvider engine, Recipe recipe, boolean closedFirst) throws InterruptedException {
        TlsSetup setup = new TlsSetup(SslProvider.JDK, "TLSv1.3");
        BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
        Channel server = new ServerBootstrap().group(loops).channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER)
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(initializer(channel -> {
                    channel.pipeline().addLast(setup.handler(false), TlsShutdownHandler.builder().build(),
                            new Counter());
                    accepted.add(channel);
                }))
                .bind(InetAddress.getLoopbackAddress(), 0).sync().channel();
        SslContext tls = setup.with(engine).context(true);
        Channel client = connect(server.localAddress(), channel -> {
            channel.config().setAutoRead(false);
            recipe.add(channel.pipeline(), tls);
        });

        ChannelFuture sent = Waits.done(send(client, Unpooled.wrappedBuffer(new byte[BYTES])));
        assertThat(sent.cause()).isNull();
        if (closedFirst) {
            Waits.done(client.closeFuture());
        }
        Waits.next(accepted, "the server's connection").config().setAutoRead(true);
        long bytes = Waits.next(received, "the end of the server's connection");
        assertThat(Waits.done(client.close()).isSuccess()).isTrue();
        server.close().sync();
        return bytes;
    }

    // From closeNotifyReadTimeout.

    private static void readTimeout(ChannelPipeline pipeline, SslContext context) {
        // docs: begin timeout-before
        SslHandler tls = context.newHandler(pipeline.channel().alloc());
        tls.setCloseNotifyFlushTimeout(3, TimeUnit.SECONDS);
        tls.setCloseNotifyReadTimeout(500, TimeUnit.MILLISECONDS);
        pipeline.addLast(tls, new ApplicationHandler());
        // docs: end timeout-before
    }

    private static void peerTimeout(ChannelPipeline pipeline, SslContext context) {
        // docs: begin timeout-after
        ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder()
                .flushTimeout(Duration.ofSeconds(3))
                .peerTimeout(Duration.ofMillis(500))
                .build();
        pipeline.addLast(context.newHandler(pipeline.channel().alloc()),
                TlsShutdownHandler.builder().policy(policy).build(), new ApplicationHandler());
        // docs: end timeout-after
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"JDK", "OPENSSL"})
    void a_read_timeout_that_is_over_is_a_success(SslProvider engine) throws Exception {
        try (ScriptedTlsPeer silent = silent()) {
            Channel client = handshaken(silent, engine, MigrationTest::readTimeout);

            assertThat(Waits.done(client.close()).isSuccess()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"JDK", "OPENSSL"})
    void a_peer_timeout_that_is_over_is_none(SslProvider engine) throws Exception {
        try (ScriptedTlsPeer silent = silent()) {
            Channel client = handshaken(silent, engine, MigrationTest::peerTimeout);

            assertThat(Waits.done(client.close()).isSuccess()).isFalse();
            assertThat(outcome().result()).isEqualTo(ShutdownResult.PEER_SILENT);
        }
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"OPENSSL"})
    void with_a_read_timeout_boringssl_loses_what_the_peer_still_sends_and_tells_of_an_answer(SslProvider engine)
            throws Exception {
        try (ScriptedTlsPeer talkative = talkative()) {
            Channel client = handshaken(talkative, engine, MigrationTest::readTimeout);
            Waits.done(client.close());

            assertThat(Waits.next(received, "the end")).isLessThan(BYTES);
            assertThat(events).contains(SslCloseCompletionEvent.SUCCESS);
        }
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"JDK", "OPENSSL"})
    void with_a_peer_timeout_all_that_the_peer_still_sends_arrives(SslProvider engine) throws Exception {
        try (ScriptedTlsPeer talkative = talkative()) {
            Channel client = handshaken(talkative, engine, MigrationTest::peerTimeout);
            Waits.done(client.close());

            assertThat(Waits.next(received, "the end")).isEqualTo(BYTES);
            assertThat(outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    private static ScriptedTlsPeer silent() throws Exception {
        return ScriptedTlsPeer.server().play(TlsScript.begin().handshake().awaitEnd());
    }

    private static ScriptedTlsPeer talkative() throws Exception {
        return ScriptedTlsPeer.server().play(
                TlsScript.begin().handshake().awaitCloseNotify().send(new byte[BYTES]).closeNotify().awaitEnd());
    }

    private Channel handshaken(ScriptedTlsPeer server, SslProvider engine, Recipe recipe) throws InterruptedException {
        SslContext tls = new TlsSetup(engine, "TLSv1.3").context(true);
        Channel client = connect(server.address(), channel -> {
            recipe.add(channel.pipeline(), tls);
            channel.pipeline().addLast(new Counter());
        });
        Waits.done(client.pipeline().get(SslHandler.class).handshakeFuture());
        return client;
    }

    private Channel connect(SocketAddress server, Consumer<Channel> init) throws InterruptedException {
        return new Bootstrap().group(loops).channel(NioSocketChannel.class)
                .option(ChannelOption.SO_SNDBUF, SEND_BUFFER)
                .handler(initializer(init)).connect(server).sync().channel();
    }

    private ShutdownOutcome outcome() throws InterruptedException {
        for (;;) {
            if (Waits.next(events, "the outcome") instanceof ShutdownOutcome outcome) {
                return outcome;
            }
        }
    }

    private static ChannelHandler initializer(Consumer<Channel> init) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                init.accept(channel);
            }
        };
    }

    /** The application's own handler: nothing in it has to change. */
    private static final class ApplicationHandler extends ChannelInboundHandlerAdapter {
    }

    /** Counts what arrives, and keeps the events. */
    private final class Counter extends SimpleChannelInboundHandler<ByteBuf> {

        private long bytes;

        @Override
        public void channelActive(ChannelHandlerContext context) {
            // With autoRead off the handshake waits for it.
            context.read();
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf data) {
            bytes += data.readableBytes();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            events.add(event);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            received.add(bytes);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            events.add(cause);
        }
    }
}
