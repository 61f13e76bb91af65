package io.closenotify.examples.probe.dtls;

import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.examples.probe.Recorder;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** One connection to the peer. Used by one thread, which may block. */
final class DtlsExchange implements AutoCloseable {

    private static final int LARGEST_DATAGRAM = 65_535;
    private static final int RECEIVE_BUFFER = 1 << 20;
    private static final long LOOP_SECONDS = 5;
    private static final long POLL_MILLIS = 20;
    private static final int ATTEMPTS = 25;

    private final Recorder recorder;
    private final DtlsWire wire;
    private final DtlsHandler handler;
    private final Channel channel;
    private final AtomicLong bytes;
    private final int localPort;
    private final boolean resumed;
    private final String negotiated;

    private DtlsExchange(Recorder recorder, DtlsWire wire, DtlsHandler handler, Channel channel, AtomicLong bytes,
            SSLSession session, long start) {
        this.recorder = recorder;
        this.wire = wire;
        this.handler = handler;
        this.channel = channel;
        this.bytes = bytes;
        localPort = ((InetSocketAddress) channel.localAddress()).getPort();
        // A resumed session keeps the time of the handshake that made it.
        resumed = session.getCreationTime() < start;
        negotiated = session.getProtocol() + ", " + session.getCipherSuite();
        recorder.note(resumed ? "handshake done, session resumed" : "handshake done");
    }

    /**
     * Connects.
     *
     * @param localPort 0 for any
     * @throws IOException if no connection came about, with the reason
     */
    static DtlsExchange connect(EventLoopGroup loop, DtlsHandlerBuilder handlers, InetSocketAddress peer,
            int localPort, Duration patience, DtlsWire wire, Recorder recorder)
            throws IOException, InterruptedException {
        awaitFree(loop, localPort);
        DtlsHandler handler = handlers.build();
        Promise<SSLSession> handshake = loop.next().newPromise();
        // At once: a connection that has ended has no engine.
        handler.handshakeFuture().addListener(done -> {
            SSLEngine engine = handler.engine();
            if (done.isSuccess() && engine != null) {
                handshake.trySuccess(engine.getSession());
            } else {
                handshake.tryFailure(done.isSuccess() ? new IOException("it ended at once") : done.cause());
            }
        });
        AtomicLong bytes = new AtomicLong();
        long start = System.currentTimeMillis();
        ChannelFuture opened = new Bootstrap().group(loop).channel(NioDatagramChannel.class)
                .option(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER)
                .option(ChannelOption.RCVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(LARGEST_DATAGRAM))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        made.pipeline().addLast(wire, handler, new Reader(bytes));
                    }
                })
                .connect(peer, new InetSocketAddress(localPort)).await();
        if (!opened.isSuccess()) {
            throw new IOException("cannot open a socket: " + opened.cause().getMessage(), opened.cause());
        }
        Channel channel = opened.channel();
        try {
            SSLSession session = awaitHandshake(handshake, wire, patience);
            return new DtlsExchange(recorder, wire, handler, channel, bytes, session, start);
        } catch (IOException | InterruptedException | RuntimeException e) {
            recorder.note(String.valueOf(e.getMessage()));
            handler.abort();
            channel.close().awaitUninterruptibly(LOOP_SECONDS, TimeUnit.SECONDS);
            throw e;
        }
    }

    /** The port of a connection that was closed is free when its event loop has been round again. */
    private static void awaitFree(EventLoopGroup loop, int port) throws IOException, InterruptedException {
        for (int attempt = 1; true; attempt++) {
            try {
                new DatagramSocket(port).close();
                return;
            } catch (BindException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                loop.schedule(() -> { }, POLL_MILLIS, TimeUnit.MILLISECONDS).await();
            }
        }
    }

    /** A handshake has several flights, and is no matter of the audit: who answers at all has more time for it. */
    static Duration ofHandshake(Duration patience) {
        return patience.multipliedBy(3);
    }

    private static SSLSession awaitHandshake(Future<SSLSession> handshake, DtlsWire wire, Duration patience)
            throws IOException, InterruptedException {
        Duration whole = ofHandshake(patience);
        long start = System.nanoTime();
        while (!handshake.await(POLL_MILLIS) && !(wire.unreachable() && !wire.heard())
                && System.nanoTime() - start < (wire.heard() ? whole : patience).toNanos()) {
            // Whichever comes first.
        }
        if (handshake.isSuccess()) {
            return handshake.getNow();
        }
        if (wire.unreachable() && !wire.heard()) {
            throw new IOException("nobody listens: port unreachable");
        }
        Throwable cause = handshake.cause();
        throw new IOException("no connection: " + (!wire.heard() ? "no answer within " + patience.toMillis() + " ms"
                : cause == null ? "the handshake was not complete within " + whole.toMillis() + " ms"
                : String.valueOf(cause.getMessage())), cause);
    }

    Recorder recorder() {
        return recorder;
    }

    DtlsWire wire() {
        return wire;
    }

    int localPort() {
        return localPort;
    }

    boolean resumed() {
        return resumed;
    }

    String negotiated() {
        return negotiated;
    }

    /** Bytes of application data that came. */
    long received() {
        return bytes.get();
    }

    void send(byte[] message) {
        channel.writeAndFlush(Unpooled.wrappedBuffer(message));
    }

    ShutdownFuture shutdown(ShutdownPolicy policy) {
        return handler.shutdown(policy);
    }

    /** What became of it, or {@code null} if that is not known in time. */
    @Nullable ShutdownOutcome shutdown(ShutdownPolicy policy, Duration patience) throws InterruptedException {
        ShutdownFuture ended = shutdown(policy);
        ended.await(patience.toMillis() + TimeUnit.SECONDS.toMillis(LOOP_SECONDS));
        return ended.getNow();
    }

    /** Leaves nobody waiting: a server that serves one client in turn would. */
    @Override
    public void close() {
        handler.shutdown(ShutdownPolicy.fast().toBuilder().linger(Duration.ZERO).build())
                .awaitUninterruptibly(LOOP_SECONDS, TimeUnit.SECONDS);
        // A linger that goes on.
        handler.abort();
        channel.closeFuture().awaitUninterruptibly(LOOP_SECONDS, TimeUnit.SECONDS);
    }

    private static final class Reader extends SimpleChannelInboundHandler<ByteBuf> {

        private final AtomicLong bytes;

        Reader(AtomicLong bytes) {
            this.bytes = bytes;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf message) {
            bytes.addAndGet(message.readableBytes());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            // The handshake's future or the outcome tells it.
        }
    }
}
