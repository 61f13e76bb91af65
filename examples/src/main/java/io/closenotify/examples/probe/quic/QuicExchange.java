package io.closenotify.examples.probe.quic;

import io.closenotify.examples.probe.Recorder;
import io.closenotify.examples.probe.quic.Frame.Close;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicClientCodecBuilder;
import io.netty.incubator.codec.quic.QuicConnectionPathStats;
import io.netty.incubator.codec.quic.QuicSslContext;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** One connection to the peer, on a socket of its own. Used by one thread, which may block. */
final class QuicExchange implements AutoCloseable {

    /** It is no matter of the audit: who answers at all has so many times the patience for it. */
    private static final int HANDSHAKE = 3;

    private static final long WINDOW = 8 * 1024 * 1024;
    private static final long STREAM_WINDOW = 1024 * 1024;
    private static final long STREAMS = 100;
    private static final long IDLE_SECONDS = 60;
    private static final long LOOP_SECONDS = 5;
    private static final long POLL_MILLIS = 20;

    private final Recorder recorder;
    private final Channel udp;
    private final QuicWire wire;
    private final QuicChannel channel;

    private QuicExchange(Recorder recorder, Channel udp, QuicWire wire, QuicChannel channel) {
        this.recorder = recorder;
        this.udp = udp;
        this.wire = wire;
        this.channel = channel;
    }

    /**
     * Connects.
     *
     * @throws IOException if no connection came about, with the reason
     */
    static QuicExchange connect(EventLoopGroup loop, QuicProber.Contexts contexts, String host,
            InetSocketAddress peer, Duration patience, Recorder recorder) throws IOException, InterruptedException {
        KeyLog keys = new KeyLog();
        QuicWire wire = new QuicWire(recorder, keys, peer);
        QuicSslContext context = contexts.context(host, keys);
        // Connected: only so does the kernel tell that nobody listens.
        ChannelFuture bound = new Bootstrap().group(loop).channel(NioDatagramChannel.class)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        made.pipeline().addLast(wire, codec(context, host, peer), new Quiet());
                    }
                })
                .connect(peer).await();
        if (!bound.isSuccess()) {
            throw new IOException("cannot open a socket: " + bound.cause().getMessage(), bound.cause());
        }
        try {
            return handshake(recorder, bound.channel(), wire, peer, patience);
        } catch (IOException | InterruptedException | RuntimeException e) {
            bound.channel().close();
            throw e;
        }
    }

    private static io.netty.channel.ChannelHandler codec(QuicSslContext context, String host, InetSocketAddress peer) {
        return new QuicClientCodecBuilder()
                .sslEngineProvider(made -> context.newEngine(made.alloc(), host, peer.getPort()))
                .maxIdleTimeout(IDLE_SECONDS, TimeUnit.SECONDS)
                .initialMaxData(WINDOW)
                .initialMaxStreamDataBidirectionalLocal(STREAM_WINDOW)
                .initialMaxStreamDataBidirectionalRemote(STREAM_WINDOW)
                .initialMaxStreamDataUnidirectional(STREAM_WINDOW)
                .initialMaxStreamsBidirectional(STREAMS)
                .initialMaxStreamsUnidirectional(STREAMS)
                .build();
    }

    private static QuicExchange handshake(Recorder recorder, Channel udp, QuicWire wire, InetSocketAddress peer,
            Duration patience) throws IOException, InterruptedException {
        AtomicReference<Close> refusal = new AtomicReference<>();
        Future<QuicChannel> connected = QuicChannel.newBootstrap(udp)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) (HANDSHAKE * patience.toMillis()))
                .handler(new ConnectionHandler(refusal))
                .streamHandler(new Quiet())
                .remoteAddress(peer)
                .connect();
        long start = System.nanoTime();
        while (!connected.await(POLL_MILLIS) && !wire.unreachable() && System.nanoTime() - start
                < (wire.firstRoundTrip() == 0 ? patience.toNanos() : HANDSHAKE * patience.toNanos())) {
            // Whichever comes first.
        }
        if (wire.unreachable() && !connected.isSuccess()) {
            throw new IOException("nobody listens: port unreachable");
        }
        if (!connected.isSuccess()) {
            throw new IOException("no connection: " + reason(connected.cause(), refusal.get(), wire, patience),
                    connected.cause());
        }
        return new QuicExchange(recorder, udp, wire, connected.getNow());
    }

    private static String reason(@Nullable Throwable cause, @Nullable Close refusal, QuicWire wire,
            Duration patience) {
        if (refusal != null) {
            return "the peer closed with " + QuicFindings.describe(refusal);
        }
        if (cause == null || cause instanceof io.netty.channel.ConnectTimeoutException) {
            return wire.firstRoundTrip() == 0
                    ? "no answer within " + patience.toMillis() + " ms"
                    : "the handshake was not complete within " + HANDSHAKE * patience.toMillis() + " ms";
        }
        return Objects.toString(cause.getMessage(), cause.getClass().getSimpleName());
    }

    Recorder recorder() {
        return recorder;
    }

    QuicWire wire() {
        return wire;
    }

    /** Version, cipher suite and application protocol. */
    String negotiated() {
        SSLEngine engine = Objects.requireNonNull(channel.sslEngine());
        return "QUIC 1, " + engine.getSession().getCipherSuite() + ", " + engine.getApplicationProtocol();
    }

    boolean isHttp3() {
        return Http3Request.isFor(channel);
    }

    /** Sends a request on a new stream, and returns without waiting for anything. */
    void request(byte @Nullable [] bytes, String authority) {
        if (isHttp3()) {
            recorder.note("HTTP/3 request");
            Http3Request.send(channel, authority);
        } else if (bytes != null) {
            recorder.note("request of " + bytes.length + " bytes");
            QuicRequest.send(channel, bytes);
        }
    }

    /** Sends one frame, the codec being out of it from now on. */
    void send(String what, ByteBuf frame) throws InterruptedException {
        onLoop(() -> wire.send(what, frame));
    }

    void ping() throws InterruptedException {
        send("PING", Unpooled.buffer().writeByte(Frame.PING));
    }

    void close(long code, String reason) throws InterruptedException {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        ByteBuf frame = Unpooled.buffer().writeByte(Frame.APPLICATION_CLOSE);
        Varint.write(frame, code);
        Varint.write(frame, text.length);
        send("CONNECTION_CLOSE", frame.writeBytes(text));
    }

    /** Takes over if that is possible: the keys of the connection are known. */
    boolean takeOver() throws InterruptedException {
        onLoop(wire::takeOver);
        return wire.isReady();
    }

    StreamLedger.Totals streams() throws InterruptedException {
        onLoop(() -> { });
        return wire.streams().totals();
    }

    /** Whether the codec takes this datagram for a stateless reset: then it ends the connection. */
    boolean isReset(ByteBuffer datagram) throws InterruptedException {
        onLoop(() -> wire.deliver(datagram));
        return !channel.isActive();
    }

    /** The round trip, in nanoseconds: the shorter one of what the codec and the first flight say. */
    long roundTrip() throws InterruptedException {
        Future<QuicConnectionPathStats> stats = channel.collectPathStats(0).await();
        long measured = stats.getNow() == null ? Long.MAX_VALUE : stats.getNow().rtt();
        return Math.max(1, Math.min(measured, wire.firstRoundTrip()));
    }

    private void onLoop(Runnable task) throws InterruptedException {
        Future<?> done = udp.eventLoop().submit(task);
        if (!done.await(LOOP_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException(new TimeoutException("the event loop is busy"));
        }
        if (!done.isSuccess()) {
            throw new IllegalStateException(done.cause());
        }
    }

    @Override
    public void close() {
        udp.eventLoop().execute(wire::takeOver);
        udp.close().awaitUninterruptibly(LOOP_SECONDS, TimeUnit.SECONDS);
    }

    /** Notes a refusal, and makes HTTP/3 of the connection if that was negotiated. */
    private static final class ConnectionHandler extends ChannelInboundHandlerAdapter {

        private final AtomicReference<Close> refusal;

        ConnectionHandler(AtomicReference<Close> refusal) {
            this.refusal = refusal;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            if (Http3Request.isFor((QuicChannel) context.channel())) {
                Http3Request.prepare(context.pipeline());
            }
            context.fireChannelActive();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof io.netty.incubator.codec.quic.QuicConnectionCloseEvent close) {
                refusal.set(new Close(close.isApplicationClose(), Integer.toUnsignedLong(close.error()), ""));
            }
            context.fireUserEventTriggered(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            // The promise of connect tells it, or the wire does.
        }
    }

    /** Reads what nobody needs: the wire has seen it. */
    @Sharable
    static final class Quiet extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            // A stream ends as the connection does.
        }
    }
}
