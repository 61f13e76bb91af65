package io.closenotify.dtls;

import static java.util.Objects.requireNonNull;

import io.closenotify.EngineCapabilities;
import io.closenotify.InboundPolicy;
import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownHandler;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.ShutdownState;
import io.closenotify.WriteAfterShutdownException;
import io.closenotify.core.Input;
import io.closenotify.core.Phase;
import io.closenotify.core.Rules;
import io.closenotify.driver.AlertNames;
import io.closenotify.driver.EventLoopCalls;
import io.closenotify.driver.MachineRunner;
import io.closenotify.driver.ShutdownPromises;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.PendingWriteQueue;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.UnsupportedMessageTypeException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultPromise;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * DTLS 1.2 on one channel, from the handshake to the shutdown: a client's connected {@code DatagramChannel}, or a child
 * of a {@link DtlsServerChannel}, which brings its handler along.
 *
 * <p>The handler stands first in the pipeline. The application writes and reads {@code ByteBuf}s, one a record and
 * datagram: DTLS keeps their bounds, but neither their order nor their delivery. A message is encrypted when it is
 * written and fails with {@link IllegalArgumentException} if it is larger than {@link #maxMessageSize()}; an empty one
 * makes no datagram. Messages written before the handshake is over wait for it.
 *
 * <p><b>States.</b> {@link #state()} shows the flags of {@code SSL_get_shutdown} and what is awaited. The handshake
 * begins when the channel is active, the shutdown with {@link #shutdown()}, {@code close()} or the peer's close_notify;
 * it ends in exactly one {@link io.closenotify.ShutdownOutcome}. Later calls join it and may hasten or strengthen it
 * (see {@link io.closenotify.ShutdownMode}).
 *
 * <p><b>Events.</b> {@code SslHandshakeCompletionEvent}; {@link io.closenotify.PeerCloseNotifyEvent} and
 * {@code SslCloseCompletionEvent} when the peer's close_notify has come; {@link io.closenotify.ShutdownOutcome}, once.
 *
 * <p><b>Shutdown.</b> As with {@link io.closenotify.tls.TlsShutdownHandler}: {@code close()}, {@code disconnect()} and
 * {@link #shutdown()} end the connection as the {@link ShutdownPolicy} says. What datagrams need beyond that: our
 * close_notify is sent again while the peer's is awaited, as {@link DtlsHandlerBuilder#repeatInterval} says, and during
 * the {@code linger} whenever the peer shows that it has missed it. The outcome is known at the beginning of the
 * linger, the channel closes at its end. A quiet shutdown does not linger. There is no end of input over datagrams, and
 * hence no truncation: {@link io.closenotify.ShutdownOutcome#missingAtMost()} tells what did not come. The engine
 * answers the peer's close_notify at once: {@link PeerClosePolicy#DEFER} is treated as {@code RESPOND},
 * and writes that come after it fail; an application that writes from its channel's event loop while it handles what
 * came before is not affected.
 *
 * <p><b>Threading.</b> All public methods may be called from any thread. The handler serves one channel and must run on
 * the channel's own event loop.
 *
 * <p><b>Timeouts.</b> See {@link ShutdownPolicy}: {@code flushTimeout} (3 s), {@code peerTimeout} (5 s), {@code linger}
 * (2 s); and {@link DtlsHandlerBuilder}: {@code handshakeTimeout} (60 s), {@code retransmitTimeout} (1 s, doubled with
 * each repetition), {@code reorderGrace} and {@code repeatInterval} (100 ms each). Without a handshake or a
 * shutdown in progress this handler runs no timer.
 *
 * <p><b>Errors.</b> A handshake that fails or takes longer than {@link DtlsHandlerBuilder#handshakeTimeout} fails
 * {@link #handshakeFuture()}, is told by its event, and closes the channel with the result
 * {@link ShutdownResult#ABORTED}; one that is ended by somebody does so, too, and each is told in front of the outcome.
 * The promise of {@code close()} completes when the channel is closed, and fails with
 * {@link io.closenotify.ShutdownException} unless the outcome is a success. Records that are forged, doubled, too long
 * or of another epoch are dropped without a word (RFC 6347, section 4.1.2.7). "Port unreachable" is a hint, which
 * anyone on the way can forge: it ends nothing, but is told with the failure that follows.
 *
 * <p><b>Specification.</b> RFC 6347; RFC 5246, section 7.2.1; {@code SSL_shutdown(3)}.
 *
 * <pre>{@code
 * new Bootstrap().group(group).channel(NioDatagramChannel.class).handler(new ChannelInitializer<>() {
 *     protected void initChannel(Channel channel) {
 *         channel.pipeline().addLast(DtlsHandler.builder(sslContext).build(), new MyApplicationHandler());
 *     }
 * }).connect(server);
 * }</pre>
 */
public final class DtlsHandler extends ChannelDuplexHandler implements ShutdownHandler {

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(DtlsHandler.class);

    private static final EngineCapabilities JDK =
            new EngineCapabilities("JDK", true, false, true, false, true, true);

    private final DtlsSettings settings;
    private final Machine machine;
    private final Promise<Channel> handshakePromise = new HandshakePromise();
    private final ChannelFutureListener flushFailure = this::writeDone;
    private volatile ShutdownPolicy policy;
    private volatile @Nullable SSLEngine engine;
    private volatile int maxMessageSize;
    private volatile @Nullable ChannelHandlerContext own;
    private @Nullable DtlsConnection connection;
    private @Nullable PendingWriteQueue waitingWrites;
    private @Nullable PortUnreachableException hint;

    DtlsHandler(DtlsSettings settings, @Nullable SSLEngine serverEngine) {
        this.settings = settings;
        engine = serverEngine;
        policy = settings.policy();
        machine = new Machine(policy.mode());
    }

    /**
     * Returns a builder of handlers for clients, which is also what a {@link DtlsServerChannel} makes those of its
     * children from.
     *
     * @param sslContext of the protocol {@code DTLS} or {@code DTLSv1.2}; sessions are resumed within one
     * @return a new builder
     * @throws IllegalArgumentException if the context is for another protocol
     */
    public static DtlsHandlerBuilder builder(SSLContext sslContext) {
        return new DtlsHandlerBuilder(sslContext);
    }

    // Public API, any thread

    /**
     * Returns what completes with the handshake.
     *
     * @return completes with the channel, or fails with what kept the handshake from being completed
     */
    public Future<Channel> handshakeFuture() {
        return handshakePromise;
    }

    /**
     * Returns the engine, for what it knows of the session and the peer.
     *
     * @return the engine, or {@code null} as long as a client's channel has not been active, and again during the
     *     linger, which begins when the outcome has been told
     */
    public @Nullable SSLEngine engine() {
        return engine;
    }

    /**
     * Returns how large a message may be, so that its record fits into one datagram of the MTU.
     *
     * @return bytes; 0 before the handshake is done
     */
    public int maxMessageSize() {
        return maxMessageSize;
    }

    /**
     * Returns what the engine can do about the end of a connection.
     *
     * @return the capabilities, the same for all connections
     */
    public EngineCapabilities capabilities() {
        return JDK;
    }

    /**
     * Returns the policy in force.
     *
     * @return the builder's, or that of the last {@link #setPolicy} or {@link #shutdown(ShutdownPolicy)}
     */
    public ShutdownPolicy policy() {
        return policy;
    }

    /**
     * Sets the policy for an end that has yet to come, whoever will begin it.
     *
     * @param policy the policy in force from now on
     * @return fails with {@link IllegalStateException} if a shutdown has begun
     * @throws IllegalArgumentException if the policy is to keep the transport
     * @throws IllegalStateException if this handler is in no pipeline
     */
    public Future<Void> setPolicy(ShutdownPolicy policy) {
        DtlsHandlerBuilder.requirePossible(policy);
        return calls().declare("policy", () -> {
            this.policy = policy;
            machine.setMode(policy.mode());
        });
    }

    /**
     * Returns the flags of {@code SSL_get_shutdown} and what is awaited.
     *
     * @return a snapshot
     */
    public ShutdownState state() {
        return machine.state().view();
    }

    /**
     * Shuts down by the policy in force, or joins the shutdown in progress.
     *
     * @return completes when the outcome is known
     * @throws IllegalStateException if this handler is in no pipeline
     */
    @Override
    public ShutdownFuture shutdown() {
        return calls().call(promise -> {
            requireShutdown().join(promise);
            if (!machine.shuttingDown()) {
                requestShutdown();
            }
        });
    }

    /**
     * Shuts down by another policy. A shutdown in progress is hastened or strengthened accordingly (see
     * {@link io.closenotify.ShutdownMode}); the timeout of its current phase keeps running.
     *
     * @param policy the policy in force from now on
     * @return completes when the outcome is known
     * @throws IllegalArgumentException if the policy is to keep the transport
     * @throws IllegalStateException if this handler is in no pipeline
     */
    public ShutdownFuture shutdown(ShutdownPolicy policy) {
        DtlsHandlerBuilder.requirePossible(policy);
        return calls().call(promise -> {
            requireShutdown().join(promise);
            if (machine.phase() != Phase.TERMINATED) {
                boolean wasOnDemand = this.policy.inboundAfterCloseNotify() == InboundPolicy.ON_DEMAND;
                this.policy = policy;
                requestShutdown();
                if (wasOnDemand && policy.inboundAfterCloseNotify() != InboundPolicy.ON_DEMAND) {
                    machine.feed(Input.RENEW_PEER_TIMER);
                }
            }
        });
    }

    /**
     * Forces the end: closes the transport at once, with the result {@link ShutdownResult#ABORTED} unless another one
     * was decided before. Nothing is sent.
     *
     * @return completes when the outcome is known
     * @throws IllegalStateException if this handler is in no pipeline
     */
    @Override
    public ShutdownFuture abort() {
        return calls().call(promise -> {
            requireShutdown().join(promise);
            requireShutdown().note(new SSLException("forced by abort()"));
            machine.feed(Input.ABORT);
        });
    }

    /**
     * Declares our close_notify sent, as {@code SSL_set_shutdown} with {@code SSL_SENT_SHUTDOWN} does: a later shutdown
     * sends none. With {@link #setCloseNotifyReceived()} as well it is a quiet one.
     *
     * @return fails with {@link IllegalStateException} if a shutdown has begun
     * @throws IllegalStateException if this handler is in no pipeline
     */
    public Future<Void> setCloseNotifySent() {
        return calls().declare("flag", () -> machine.feed(Input.SET_SENT));
    }

    /**
     * Declares the peer's close_notify received, as {@code SSL_set_shutdown} with {@code SSL_RECEIVED_SHUTDOWN} does: a
     * later shutdown does not wait for it.
     *
     * @return fails with {@link IllegalStateException} if a shutdown has begun
     * @throws IllegalStateException if this handler is in no pipeline
     */
    public Future<Void> setCloseNotifyReceived() {
        return calls().declare("flag", () -> machine.feed(Input.SET_RECEIVED));
    }

    // The machine

    private final class Machine extends MachineRunner<DtlsShutdown> {

        Machine(ShutdownMode mode) {
            super(mode);
        }

        @Override
        protected Rules rules(Input input) {
            return Rules.ofDatagrams(policy, false);
        }

        @Override
        protected DtlsShutdown newDriver() {
            return new DtlsShutdown(DtlsHandler.this, context(), this, settings);
        }
    }

    private EventLoopCalls calls() {
        return new EventLoopCalls(this, own, machine);
    }

    private ChannelHandlerContext context() {
        return requireNonNull(own);
    }

    private DtlsShutdown requireShutdown() {
        return machine.requireDriver();
    }

    private void requestShutdown() {
        machine.feed(connection == null && machine.phase() == Phase.HANDSHAKE
                ? Input.ABORT : Input.requestFor(policy.mode()));
    }

    /** The application has handled what came before the peer's close_notify. */
    void answerPeer() {
        if (machine.phase() == Phase.PEER_CLOSED && connection != null) {
            requestShutdown();
        }
    }

    void later(Runnable task) {
        EventLoopCalls.later(context(), task);
    }

    // The connection

    @Nullable DtlsConnection connection() {
        return connection;
    }

    DtlsConnection requireConnection() {
        return requireNonNull(connection);
    }

    /** Whether that is the connection of this handler, still. */
    boolean reads(DtlsConnection one) {
        return connection == one;
    }

    /** What remains of a connection that lingers is its alert: the rest is let go of. */
    void releaseConnection() {
        DtlsConnection released = connection;
        if (released != null) {
            connection = null;
            engine = null;
            released.release();
        }
    }

    private void connect(ChannelHandlerContext context) {
        boolean hasPeer = engine != null || context.channel().remoteAddress() != null;
        if (connection != null || machine.hasBegun() || !hasPeer) {
            return;
        }
        try {
            SSLEngine own = engine;
            if (own == null) {
                own = settings.clientEngine(context.channel().remoteAddress());
                engine = own;
            }
            DtlsConnection made = new DtlsConnection(this, context, own, settings);
            connection = made;
            made.handshake().start();
        } catch (SSLException | RuntimeException e) {
            handshakeFailed(e);
        }
        readOn();
    }

    /**
     * A ClientHello with the session's ticket does not fit into a datagram, and a server that keeps nothing of whom it
     * does not know takes none in pieces: better a full handshake than none.
     *
     * @return whether there was a session to do without
     */
    boolean startAfresh() {
        SSLEngine own = engine;
        DtlsConnection released = connection;
        if (own == null || released == null || !settings.forgetSessions(own)) {
            return false;
        }
        LOGGER.debug("{} does not resume a session whose ticket does not fit into a datagram",
                context().channel());
        connection = null;
        engine = null;
        released.release();
        connect(context());
        return true;
    }

    void handshakeCompleted(ReplayWindow window, @Nullable FinalFlight finalFlight) {
        ChannelHandlerContext context = context();
        DtlsConnection current = requireConnection();
        current.handshakeCompleted(window, finalFlight);
        maxMessageSize = current.largestMessage();
        if (policy.onPeerCloseNotify() == PeerClosePolicy.DEFER) {
            LOGGER.warn("{} cannot do all of {}: {}", context.channel(), policy, JDK);
        }
        ShutdownPromises.rememberPeer(context.channel());
        machine.feed(Input.HANDSHAKE_COMPLETED);
        PendingWriteQueue waiting = waitingWrites;
        waitingWrites = null;
        while (waiting != null && !waiting.isEmpty()) {
            ByteBuf message = ((ByteBuf) requireNonNull(waiting.current())).retain();
            ChannelPromise promise = requireNonNull(waiting.remove());
            writeRecord(context, message, promise);
        }
        context.flush();
        // A listener of those writes may have removed this handler.
        if (handshakePromise.trySuccess(context.channel())) {
            context.fireUserEventTriggered(SslHandshakeCompletionEvent.SUCCESS);
        }
    }

    void handshakeFailed(Exception cause) {
        failHandshake(cause, cause instanceof SSLException ? Input.FATAL_ALERT : Input.ABORT);
    }

    /** Nobody is to blame but the network. */
    void handshakeTimedOut(SSLException cause) {
        failHandshake(cause, Input.RESET);
    }

    private void failHandshake(Exception cause, Input input) {
        ChannelHandlerContext context = context();
        Throwable told = hinted(cause);
        requireShutdown().note(told);
        requireShutdown().noteAlert(AlertNames.in(cause));
        if (connection != null && connection.handshake().isIdle()) {
            sendAlert(context);
        }
        machine.feedAhead(input, () -> tellHandshakeFailed(told));
    }

    private void tellHandshakeFailed(Throwable cause) {
        if (waitingWrites != null) {
            waitingWrites.removeAndFailAll(cause);
            waitingWrites = null;
        }
        if (handshakePromise.tryFailure(cause)) {
            context().fireUserEventTriggered(new SslHandshakeCompletionEvent(cause));
        }
    }

    /** An alert of the peer's, or a record that the engine could not bear. */
    void engineFailed(SSLException cause) {
        ChannelHandlerContext context = context();
        requireShutdown().note(cause);
        requireShutdown().noteAlert(AlertNames.in(cause));
        sendAlert(context);
        if (machine.shuttingDown() || machine.phase() == Phase.PEER_CLOSED) {
            // The outcome tells it.
            machine.feed(Input.FATAL_ALERT);
        } else {
            machine.feedAhead(Input.FATAL_ALERT, () -> context.fireExceptionCaught(cause));
        }
    }

    private void sendAlert(ChannelHandlerContext context) {
        ByteBuf fatal = alert();
        if (fatal != null) {
            context.writeAndFlush(fatal);
        }
    }

    /** What the engine has to say at its end, if anything. */
    @Nullable ByteBuf alert() {
        DtlsConnection current = connection;
        try {
            return current == null ? null : current.alert();
        } catch (SSLException e) {
            requireShutdown().note(e);
            return null;
        }
    }

    /** The peer's close_notify has come. */
    void peerClosed() {
        requireShutdown().noteAlert(AlertNames.CLOSE_NOTIFY);
        if (machine.phase() == Phase.HANDSHAKE) {
            SSLException cause = new SSLHandshakeException("close_notify during the handshake");
            requireShutdown().note(cause);
            machine.feedAhead(Input.PEER_CLOSE_NOTIFY, () -> tellHandshakeFailed(cause));
        } else {
            machine.feedAhead(Input.PEER_CLOSE_NOTIFY,
                    () -> context().fireUserEventTriggered(SslCloseCompletionEvent.SUCCESS));
        }
    }

    /** The peer has begun anew from the same address, and has shown that it is there. Event loop only. */
    void superseded() {
        requireShutdown().note(new SSLException("the peer has made a new connection from the same address"));
        machine.feed(Input.RESET);
    }

    boolean leavesSessionResumable(ShutdownResult result) {
        SSLEngine own = engine;
        return result != ShutdownResult.FATAL_ALERT && handshakePromise.isSuccess()
                && own != null && own.getSession().isValid();
    }

    /** A failure, with what may explain it. */
    Throwable hinted(Exception failure) {
        if (hint != null) {
            failure.addSuppressed(hint);
        }
        return failure;
    }

    // Netty's events, event loop only

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        EventLoopCalls.requireEventLoop(added);
        own = added;
        if (added.channel().isActive()) {
            connect(added);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        DtlsShutdown shutdown = machine.driver();
        if (machine.shuttingDown()) {
            requireShutdown().note(removed());
            machine.feedAhead(Input.ABORT, () -> endHandshake(DtlsHandler::removed));
        } else if (machine.phase() != Phase.TERMINATED && shutdown != null) {
            shutdown.standDown(removed());
        }
        end(DtlsHandler::removed);
    }

    private static IllegalStateException removed() {
        return new IllegalStateException("the DtlsHandler was removed from the pipeline");
    }

    private void end(Supplier<? extends Exception> cause) {
        DtlsConnection released = connection;
        connection = null;
        if (released != null) {
            released.release();
        }
        endHandshake(cause);
    }

    /** Nothing comes of a handshake that is not completed by now. */
    void endHandshake(Supplier<? extends Exception> cause) {
        if (waitingWrites != null || !handshakePromise.isDone()) {
            tellHandshakeFailed(cause.get());
        }
    }

    @Override
    public void connect(ChannelHandlerContext context, SocketAddress remote, @Nullable SocketAddress local,
            ChannelPromise promise) {
        // A datagram channel that was bound before has been active for long, and does not say so again.
        context.connect(remote, local, promise.unvoid().addListener(connected -> {
            if (connected.isSuccess() && !context.isRemoved()) {
                connect(context);
            }
        }));
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        connect(context);
        context.fireChannelActive();
        // autoRead may have been switched off since a handler was added to a channel that was active then.
        readOn();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (machine.phase() != Phase.TERMINATED && connection != null) {
            requireShutdown().note(new SSLException(
                    "closed in front of the DtlsHandler: by another handler, its event loop or its server channel"));
            machine.feed(Input.ABORT);
        }
        DtlsShutdown shutdown = machine.driver();
        if (shutdown != null) {
            shutdown.settleClosePromises();
        }
        end(ClosedChannelException::new);
        context.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        Object content = message instanceof DatagramPacket packet ? packet.content() : message;
        if (!(content instanceof ByteBuf datagram)) {
            context.fireChannelRead(message);
            return;
        }
        try {
            DtlsConnection current = connection;
            if (current != null) {
                current.read(datagram);
            } else if (machine.phase() == Phase.LINGER) {
                lateDatagram(datagram);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void lateDatagram(ByteBuf datagram) {
        if (DtlsRecord.length(datagram, datagram.readerIndex()) > 0 && DtlsRecord.epoch(datagram) == 1) {
            requireShutdown().answerLateRecord();
        }
    }

    /** Hands application data on. */
    void received(ByteBuf data) {
        DtlsShutdown shutdown = machine.driver();
        if (shutdown != null && !shutdown.accepts(data.readableBytes())) {
            data.release();
        } else {
            context().fireChannelRead(data);
        }
    }

    /** A record that waited for the handshake. */
    void readRecord(ByteBuf record) {
        if (connection != null) {
            connection.readRecord(record);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.fireChannelReadComplete();
        DtlsConnection current = connection;
        if (current != null && current.holdsAlert()) {
            handledByApplication(context, () -> {
                if (reads(current)) {
                    current.readHandled();
                }
            });
        }
        readOn();
    }

    /** Runs a task once the application, on an executor of its own perhaps, has handled what it was handed. */
    private void handledByApplication(ChannelHandlerContext context, Runnable task) {
        EventExecutor application = context.pipeline().lastContext().executor();
        if (application.inEventLoop()) {
            later(task);
        } else {
            try {
                application.execute(() -> later(task));
            } catch (RejectedExecutionException e) {
                later(task);
            }
        }
    }

    /** With autoRead off nobody else reads for the handshake and the shutdown. */
    void readOn() {
        ChannelHandlerContext context = context();
        DtlsShutdown shutdown = machine.driver();
        if (!context.channel().config().isAutoRead()
                && (machine.phase() == Phase.HANDSHAKE || (shutdown != null && shutdown.ownsReading()))) {
            context.read();
        }
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        DtlsShutdown shutdown = machine.driver();
        if (!(message instanceof ByteBuf data)) {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new UnsupportedMessageTypeException(message, ByteBuf.class));
        } else if (machine.phase() == Phase.TERMINATED || (shutdown != null && shutdown.refusesWrites())) {
            refuse(data, promise);
        } else if (machine.phase() == Phase.HANDSHAKE) {
            if (connection == null && context.channel().isActive()) {
                // Bound, and connected to nobody: there is no handshake to wait for.
                data.release();
                promise.tryFailure(new NotYetConnectedException());
                return;
            }
            if (waitingWrites == null) {
                waitingWrites = new PendingWriteQueue(context);
            }
            waitingWrites.add(data, promise);
        } else {
            writeRecord(context, data, promise);
        }
    }

    private static void refuse(ByteBuf data, ChannelPromise promise) {
        data.release();
        promise.tryFailure(new WriteAfterShutdownException());
    }

    private void writeRecord(ChannelHandlerContext context, ByteBuf message, ChannelPromise promise) {
        DtlsConnection current = connection;
        if (current == null) {
            refuse(message, promise);
            return;
        }
        int length = message.readableBytes();
        if (length == 0) {
            // Done when everything before it is.
            context.write(message, promise);
            return;
        }
        ByteBuf record = null;
        try {
            if (length > maxMessageSize) {
                throw new IllegalArgumentException("message: " + length + " bytes (expected: at most " + maxMessageSize
                        + ", one record in a datagram of " + settings.mtu() + ')');
            }
            record = current.encrypt(message);
        } catch (SSLException | RuntimeException e) {
            promise.tryFailure(machine.state().view().closeNotifyReceived() ? new WriteAfterShutdownException() : e);
        } finally {
            message.release();
        }
        if (record != null) {
            context.write(record, promise.isVoid() ? promise : promise.addListener(flushFailure));
        }
    }

    /** What was written before the shutdown was refused by the kernel during it. */
    private void writeDone(Future<?> write) {
        if (!write.isSuccess() && machine.phase() == Phase.FLUSH) {
            requireShutdown().note(write.cause());
            machine.feed(Input.FLUSH_FAILED);
        }
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        if (!context.channel().isOpen() || (connection == null && !machine.hasBegun())) {
            context.close(promise);
            return;
        }
        requireShutdown().join(promise);
        if (policy.inboundAfterCloseNotify() == InboundPolicy.ON_DEMAND && machine.shuttingDown()) {
            Duration deadline = policy.peerTimeout().isZero()
                    ? ShutdownPolicy.bidirectional().peerTimeout() : policy.peerTimeout();
            policy = policy.toBuilder().inboundAfterCloseNotify(InboundPolicy.DELIVER).peerTimeout(deadline).build();
            machine.feed(Input.RENEW_PEER_TIMER);
        }
        if (!machine.hasBegun()) {
            requestShutdown();
        }
    }

    @Override
    public void disconnect(ChannelHandlerContext context, ChannelPromise promise) {
        close(context, promise);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof PortUnreachableException unreachable) {
            LOGGER.debug("{} a hint", context.channel(), unreachable);
            hint = unreachable;
        } else {
            if (cause instanceof IOException && machine.shuttingDown()) {
                requireShutdown().note(cause);
            }
            context.fireExceptionCaught(cause);
        }
    }

    /** Knows its executor once the handler has been added. */
    private final class HandshakePromise extends DefaultPromise<Channel> {

        @Override
        protected EventExecutor executor() {
            return context().executor();
        }

        @Override
        protected void checkDeadLock() {
            if (own != null) {
                super.checkDeadLock();
            }
        }
    }
}
