package io.closenotify.examples.probe.tls;

import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationPolicy;
import io.closenotify.tls.TlsRecordObserver;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.concurrent.Callable;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * One connection to the peer whose every move is ours to make: TLS ends by our own handler, while what that does to TCP
 * is decided behind its back. Blocking; for one thread.
 */
final class Wire implements AutoCloseable {

    private static final int CONNECT_MILLIS = 5_000;
    private static final byte[] EMPTY_RECORD = {23, 3, 3, 0, 0};
    private static final Duration HANDSHAKE_MARGIN = Duration.ofSeconds(5);

    /** Never lingers, nor waits for tickets: the scenarios do. */
    private static final ShutdownPolicy RAW = ShutdownPolicy.bidirectional().toBuilder()
            .flushTimeout(Duration.ZERO)
            .peerTimeout(Duration.ZERO)
            .linger(Duration.ZERO)
            .ticketTimeout(Duration.ZERO)
            .onTruncation(TruncationPolicy.REPORT)
            .build();

    private final Observation seen;
    private final Channel channel;
    private final Gate gate;
    private final SslHandler ssl;
    private final TlsShutdownHandler shutdown;
    private final long startMillis;
    private final Duration connectTime;

    private Wire(Observation seen, Channel channel, Setup setup, long startMillis, Duration connectTime) {
        this.seen = seen;
        this.channel = channel;
        this.gate = setup.gate;
        this.ssl = setup.ssl;
        this.shutdown = setup.shutdown;
        this.startMillis = startMillis;
        this.connectTime = connectTime;
    }

    /**
     * To whom, and how.
     *
     * @param host by which the peer is known to TLS
     * @param address to connect to; {@code null} as long as none is chosen
     */
    record Target(EventLoopGroup loop, String host, @Nullable InetAddress address, int port, StartTls startTls,
            Duration patience) {

        Target at(InetAddress chosen) {
            return new Target(loop, host, chosen, port, startTls, patience);
        }

        /**
         * Connects and shakes hands.
         *
         * @param receiveBuffer of the socket of a slow reader, which reads nothing behind the handshake until it is
         *     let; or 0 for the kernel's choice and a reader that always reads
         * @throws IOException if that is not possible
         */
        Wire open(SslContext context, Observation seen, int receiveBuffer) throws IOException, InterruptedException {
            Setup setup = new Setup(context, this, seen, receiveBuffer > 0);
            Bootstrap bootstrap = new Bootstrap().group(loop).channel(NioSocketChannel.class)
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
                    .option(ChannelOption.AUTO_READ, false)
                    .option(ChannelOption.AUTO_CLOSE, false)
                    .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                    .handler(setup);
            if (receiveBuffer > 0) {
                bootstrap.option(ChannelOption.SO_RCVBUF, receiveBuffer);
            }
            long startMillis = System.currentTimeMillis();
            long start = System.nanoTime();
            ChannelFuture connected = bootstrap.connect(new InetSocketAddress(requireNonNull(address), port)).await();
            if (!connected.isSuccess()) {
                throw new IOException("cannot connect: " + describe(connected.cause()), connected.cause());
            }
            Duration connectTime = Duration.ofNanos(System.nanoTime() - start);
            seen.connected();
            Wire wire = new Wire(seen, connected.channel(), setup, startMillis, connectTime);
            if (wire.handshaken(patience.plus(HANDSHAKE_MARGIN))) {
                return wire;
            }
            // Closing empties the pipeline.
            StartTlsHandler plaintext = connected.channel().pipeline().get(StartTlsHandler.class);
            wire.close();
            String failure = seen.failure();
            throw new IOException(failure != null ? failure : seen.isFlooded()
                    ? "the peer flooded the handshake" : seen.ended()
                    ? "the peer ended TCP during the handshake"
                    : (plaintext == null ? "no handshake" : "StartTLS: no " + plaintext.awaited()) + " within "
                    + patience.plus(HANDSHAKE_MARGIN).toMillis() + " ms");
        }
    }

    private boolean handshaken(Duration atMost) throws InterruptedException {
        seen.await(() -> seen.isHandshaken() || seen.failure() != null || seen.ended() || seen.isClosed(), atMost);
        return seen.isHandshaken();
    }

    static String describe(Throwable failure) {
        if (failure instanceof NotSslRecordException) {
            // Its message is what came, in hexadecimal digits.
            return "the peer does not speak TLS";
        }
        String message = failure.getMessage();
        String text = message == null ? failure.getClass().getSimpleName() : message;
        String line = text.strip().replaceAll("\\s*\\R\\s*", " ");
        return line.length() <= 200 ? line : line.substring(0, 200) + "…";
    }

    /** Sets up the pipeline: first what comes before TLS, if anything does. */
    private static final class Setup extends ChannelInitializer<Channel> {

        private final Target target;
        private final Observation seen;
        private final boolean slow;
        private final Gate gate;
        private final SslHandler ssl;
        private final TlsShutdownHandler shutdown = TlsShutdownHandler.builder().policy(RAW).build();

        Setup(SslContext context, Target target, Observation seen, boolean slow) {
            this.slow = slow;
            this.target = target;
            this.seen = seen;
            gate = new Gate(seen::changed);
            ssl = context.newHandler(ByteBufAllocator.DEFAULT, target.host(), target.port());
            // The audit has a deadline of its own.
            ssl.setHandshakeTimeoutMillis(0);
        }

        @Override
        protected void initChannel(Channel channel) {
            seen.onFlood(() -> channel.eventLoop().execute(() -> reset(channel)));
            channel.closeFuture().addListener(closed -> seen.closed());
            ChannelPipeline pipeline = channel.pipeline();
            if (target.startTls() == StartTls.NONE) {
                addTls(pipeline);
            } else {
                pipeline.addLast(new StartTlsHandler(target.startTls(), seen, this::addTls));
            }
        }

        private void addTls(ChannelPipeline pipeline) {
            if (slow) {
                ssl.handshakeFuture().addListener(done -> gate.holdReads());
            }
            pipeline.addLast(new TlsRecordObserver(seen), gate, ssl, shutdown, new Ear(seen, shutdown));
        }
    }

    private static void reset(Channel channel) {
        if (channel.isOpen()) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
            close(channel);
        }
    }

    /** Past the gate, which would keep it open. */
    private static void close(Channel channel) {
        ChannelHandlerContext gate = channel.pipeline().context(Gate.class);
        if (gate == null) {
            channel.close();
        } else {
            gate.close();
        }
    }

    /** Hears what TLS tells, and keeps reading. */
    private static final class Ear extends ChannelInboundHandlerAdapter {

        private final Observation seen;
        private final TlsShutdownHandler shutdown;

        Ear(Observation seen, TlsShutdownHandler shutdown) {
            this.seen = seen;
            this.shutdown = shutdown;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof ByteBuf data) {
                seen.data(data);
            }
            ReferenceCountUtil.release(message);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            look();
            context.read();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake) {
                if (handshake.isSuccess()) {
                    seen.handshaken("TLSv1.3".equals(
                            context.pipeline().get(SslHandler.class).engine().getSession().getProtocol()));
                    context.read();
                } else {
                    seen.failed("no handshake: " + describe(handshake.cause()));
                }
            } else if (event instanceof ShutdownOutcome outcome) {
                String alert = outcome.lastAlert();
                if (outcome.result() == ShutdownResult.FATAL_ALERT) {
                    seen.alert(alert == null ? "of unknown name" : alert);
                }
                seen.changed();
            }
            look();
        }

        private void look() {
            // A quiet shutdown claims to have received it.
            if (shutdown.state().closeNotifyReceived() && shutdown.policy().mode() != ShutdownMode.QUIET) {
                seen.closeNotify();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            // How it ended is told by the outcome and by the wire.
            seen.changed();
        }
    }

    // The peer's identity

    SSLEngine engine() {
        return ssl.engine();
    }

    @Nullable String applicationProtocol() {
        return ssl.applicationProtocol();
    }

    Certificate[] certificates() {
        try {
            return engine().getSession().getPeerCertificates();
        } catch (SSLPeerUnverifiedException e) {
            return new Certificate[0];
        }
    }

    boolean resumed() {
        return Sessions.resumed(engine(), startMillis);
    }

    /** Time enough for an answer to what was sent, a reset for instance, to have come back. */
    Duration grace(Duration atMost) {
        Duration wanted = connectTime.multipliedBy(4).plusMillis(100);
        return wanted.compareTo(atMost) < 0 ? wanted : atMost;
    }

    // What the scenarios do

    void write(ByteBuf data) throws InterruptedException {
        seen.sending(data.readableBytes());
        onLoop(() -> channel.writeAndFlush(data));
    }

    /** Begins to end TLS: flush, close_notify. */
    void shutdown() throws InterruptedException {
        seen.closing();
        onLoop(shutdown::shutdown);
    }

    /** What TLS sends from now on waits for {@link #release()}. */
    void hold() throws InterruptedException {
        seen.closing();
        onLoop(() -> gate.output(Gate.Output.HOLD));
    }

    /** Waits until our close_notify is held, and tells whether it is. */
    boolean awaitHeldCloseNotify(Duration atMost) throws InterruptedException {
        return seen.await(() -> shutdown.state().closeNotifySent(), atMost)
                && fromLoop(gate::holds);
    }

    void release() throws InterruptedException {
        onLoop(gate::release);
    }

    /** Sends bytes as they are. */
    void sendRaw(byte... bytes) throws InterruptedException {
        onLoop(() -> gate.send(Unpooled.copiedBuffer(bytes)));
    }

    void releaseReads() throws InterruptedException {
        onLoop(gate::releaseReads);
    }

    /** Sends FIN. TLS sends nothing more. */
    void sendFin() throws InterruptedException {
        onLoop(() -> {
            gate.output(Gate.Output.DROP);
            ((DuplexChannel) channel).shutdownOutput();
        });
    }

    /**
     * Looks whether the peer has reset the connection behind its FIN. Reading does not tell any more, only a write
     * does: the kernel refuses it. Whoever is still there must ignore it, for our close_notify has gone before. That it
     * may be answered by a reset in turn is nothing to judge by: the connection is done with.
     */
    void lookForReset() throws InterruptedException {
        fromLoop(() -> gate.send(Unpooled.copiedBuffer(EMPTY_RECORD))).await();
    }

    /** Ends TLS and TCP as an application would, and waits for it. */
    void end(ShutdownPolicy policy, Duration atMost) throws InterruptedException {
        seen.closing();
        onLoop(() -> {
            gate.letTlsClose();
            shutdown.shutdown(policy);
        });
        seen.await(seen::isClosed, atMost);
    }

    private void onLoop(Runnable action) throws InterruptedException {
        channel.eventLoop().submit(action).sync();
    }

    private <T> T fromLoop(Callable<T> action) throws InterruptedException {
        return channel.eventLoop().submit(action).sync().getNow();
    }

    @Override
    public void close() {
        channel.eventLoop().execute(() -> {
            if (seen.ended()) {
                close(channel);
            } else {
                reset(channel);
            }
        });
        channel.closeFuture().awaitUninterruptibly(CONNECT_MILLIS);
    }
}
