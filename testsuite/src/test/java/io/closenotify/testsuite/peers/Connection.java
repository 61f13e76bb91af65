package io.closenotify.testsuite.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.closenotify.testsuite.Waits;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.internal.tcnative.SSL;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A TLS connection of ours, with the application behind it: it records what comes, and may answer.
 *
 * <p>With a policy it ends by our handler, without one by Netty alone.
 */
final class Connection {

    /** What the application does with the data that arrives, on the event loop. */
    interface Application {

        Application QUIET = (context, total) -> { };

        /** Data arrived; {@code total} is the sum so far. */
        void received(ChannelHandlerContext context, long total);

        /** The batch of reads is over. */
        default void readComplete(ChannelHandlerContext context) {
            // Nothing to do.
        }
    }

    private static final EventLoopGroup LOOPS = new NioEventLoopGroup(2, new DefaultThreadFactory("test", true));
    private static final Duration RETRY = Duration.ofMillis(20);
    private static final int PERIOD = 251;

    private final Channel channel;
    private final SslHandler ssl;
    private final TlsShutdownHandler handler;
    private final Recorder recorder;

    private Connection(Channel channel, SslHandler ssl, TlsShutdownHandler handler, Application application) {
        this.channel = channel;
        this.ssl = ssl;
        this.handler = handler;
        recorder = new Recorder(application);
        channel.pipeline().addLast(ssl);
        if (handler != null) {
            channel.pipeline().addLast(handler);
        }
        channel.pipeline().addLast(recorder);
    }

    private static TlsShutdownHandler handler(ShutdownPolicy policy) {
        return policy == null ? null : TlsShutdownHandler.builder().policy(policy).build();
    }

    /** Connects as soon as the server listens, and waits for the handshake. */
    static Connection client(SslContext context, int port, ShutdownPolicy policy, Application application)
            throws InterruptedException {
        return client(context, port, policy, application, null);
    }

    /** The same, for a server that is a program which may still be starting. */
    static Connection client(SslContext context, int port, ShutdownPolicy policy, Application application,
            PeerProcess starting) throws InterruptedException {
        BlockingQueue<Connection> made = new LinkedBlockingQueue<>();
        long end = System.nanoTime() + Waits.DEADLINE.toNanos();
        ChannelFuture connected;
        do {
            made.clear();
            connected = Waits.done(new Bootstrap().group(LOOPS).channel(NioSocketChannel.class)
                    .handler(initializer(channel -> made.add(new Connection(channel,
                            context.newHandler(channel.alloc(), "localhost", port), handler(policy), application))))
                    .connect(InetAddress.getLoopbackAddress(), port));
        } while (!connected.isSuccess() && starting != null && !starting.exitsWithin(RETRY)
                && System.nanoTime() < end);
        assertThat(connected.cause()).as(() -> starting == null ? "connect" : starting.output()).isNull();
        Connection connection = made.remove();
        connection.awaitHandshake();
        return connection;
    }

    private static ChannelInitializer<Channel> initializer(Consumer<Channel> init) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                init.accept(channel);
            }
        };
    }

    /** A listener whose connections are ours. */
    static final class Server implements Closeable {

        private final Channel listener;
        private final BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();

        Server(SslContext context, ShutdownPolicy policy, Application application) throws InterruptedException {
            this(context, () -> handler(policy), application);
        }

        Server(SslContext context, Supplier<TlsShutdownHandler> handlers, Application application)
                throws InterruptedException {
            ChannelFuture bound = new ServerBootstrap().group(LOOPS).channel(NioServerSocketChannel.class)
                    .childHandler(initializer(channel -> accepted.add(new Connection(channel,
                            context.newHandler(channel.alloc()), handlers.get(), application))))
                    .bind(InetAddress.getLoopbackAddress(), 0);
            listener = Waits.done(bound).channel();
        }

        int port() {
            return ((InetSocketAddress) listener.localAddress()).getPort();
        }

        /** Waits for the next connection and its handshake. */
        Connection next() throws InterruptedException {
            Connection connection = Waits.next(accepted, "a connection");
            connection.awaitHandshake();
            return connection;
        }

        @Override
        public void close() {
            listener.close().syncUninterruptibly();
        }
    }

    private void awaitHandshake() throws InterruptedException {
        Future<Channel> handshake = Waits.done(ssl.handshakeFuture());
        assertThat(handshake.cause()).as("handshake").isNull();
        // The handlers behind know of it, too.
        Waits.next(recorder.handshakes, "the event of the handshake");
    }

    Channel channel() {
        return channel;
    }

    TlsShutdownHandler handler() {
        return handler;
    }

    /** Whether the handshake resumed a session. The JDK tells only by the age of the session. */
    boolean resumedSince(long connectMillis) {
        if (ssl.engine() instanceof ReferenceCountedOpenSslEngine engine) {
            return recorder.reused;
        }
        return ssl.engine().getSession().getCreationTime() < connectMillis;
    }

    void write(long bytes) {
        channel.writeAndFlush(pattern(bytes));
    }

    void write(String text) {
        channel.writeAndFlush(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }

    /** Writes, and shuts down right behind it: no answer can come in between. */
    ShutdownFuture writeAndShutdown(String text) throws InterruptedException {
        return Waits.done(channel.eventLoop().<ShutdownFuture>submit(() -> {
            write(text);
            return handler.shutdown();
        })).getNow();
    }

    /** Waits until this many bytes have arrived in all. */
    void awaitBytes(long total) throws InterruptedException {
        while (recorder.total < total) {
            Waits.next(recorder.arrivals, total + " bytes, " + recorder.total + " so far");
        }
    }

    /** Waits until what has arrived in all ends with this. */
    void awaitText(String end) throws InterruptedException {
        while (!text().endsWith(end)) {
            Waits.next(recorder.arrivals, end + " behind " + text());
        }
    }

    long bytes() {
        return recorder.total;
    }

    boolean intact() {
        return recorder.intact;
    }

    String text() {
        return recorder.text.toString(StandardCharsets.ISO_8859_1);
    }

    List<Throwable> exceptions() {
        return recorder.exceptions;
    }

    List<Object> events() {
        return recorder.events;
    }

    /** Waits for the end of the connection; there is exactly one outcome, and the transport is closed. */
    ShutdownOutcome end() throws InterruptedException {
        if (!channel.closeFuture().await(Waits.DEADLINE.toMillis())) {
            throw new AssertionError("still open after " + Waits.DEADLINE + "; events: " + recorder.events
                    + ", exceptions: " + recorder.exceptions + (handler == null ? "" : ", " + handler.state()));
        }
        // Behind whatever the closing has put into the event loop.
        Waits.done(channel.eventLoop().submit(() -> { }));
        List<ShutdownOutcome> outcomes = recorder.events.stream()
                .filter(ShutdownOutcome.class::isInstance).map(ShutdownOutcome.class::cast).toList();
        assertThat(outcomes).as("outcomes; exceptions: %s", recorder.exceptions).hasSize(1);
        return outcomes.get(0);
    }

    /** Bytes of which number i is i modulo 251. */
    static ByteBuf pattern(long bytes) {
        ByteBuf data = Unpooled.buffer((int) bytes);
        for (int i = 0; i < bytes; i++) {
            data.writeByte(i % PERIOD);
        }
        return data;
    }

    private static final class Recorder extends ChannelInboundHandlerAdapter {

        private final Application application;
        private final BlockingQueue<Boolean> handshakes = new LinkedBlockingQueue<>();
        private final BlockingQueue<Long> arrivals = new LinkedBlockingQueue<>();
        private final List<Object> events = new CopyOnWriteArrayList<>();
        private final List<Throwable> exceptions = new CopyOnWriteArrayList<>();
        private final ByteArrayOutputStream text = new ByteArrayOutputStream();
        private volatile long total;
        private volatile boolean intact = true;
        private volatile boolean reused;

        Recorder(Application application) {
            this.application = application;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf data = (ByteBuf) message;
            long sum = total;
            byte[] bytes = new byte[data.readableBytes()];
            data.readBytes(bytes).release();
            for (byte each : bytes) {
                intact &= each == (byte) (sum++ % PERIOD);
            }
            text.writeBytes(bytes);
            total = sum;
            arrivals.add(sum);
            application.received(context, sum);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            application.readComplete(context);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            events.add(event);
            if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
                if (context.pipeline().get(SslHandler.class).engine() instanceof ReferenceCountedOpenSslEngine engine) {
                    reused = SSL.isSessionReused(engine.sslPointer());
                }
                handshakes.add(true);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            exceptions.add(cause);
        }
    }
}
