package io.closenotify.quic;

import static java.util.Objects.requireNonNull;

import io.closenotify.Protocol;
import io.closenotify.ShutdownHandler;
import io.closenotify.ShutdownResult;
import io.closenotify.observe.ShutdownObserver;
import io.closenotify.observe.ShutdownRecording;
import io.closenotify.observe.ShutdownRecording.QuicClose;
import io.closenotify.observe.ShutdownRecording.QuicEnd;
import io.closenotify.observe.ShutdownWatch;
import io.closenotify.quic.QuicheCodec.CloseArguments;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicConnectionCloseEvent;
import io.netty.incubator.codec.quic.QuicException;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Ends a QUIC connection the way {@code SSL_shutdown_ex(3)} describes, on netty-incubator-codec-quic.
 *
 * <p>Add it to the pipeline of the {@code QuicChannel}, best first and from the start: of what was written on an active
 * connection before, nothing is known until an acknowledgement is seen. From then on {@code close()} and
 * {@code close(boolean, int, ByteBuf)} wait until everything written on streams is acknowledged, tell the peer why the
 * connection ends, and answer for it during the closing period; a close by the peer is told when it arrives. Closing by
 * a handler in front of this one is not taken over.
 *
 * <p><b>States.</b> A shutdown is started by {@link #shutdown()} or a {@code close}; it ends, as the connection does in
 * any other way, in exactly one {@link QuicShutdownOutcome}, delivered by every {@link QuicShutdownFuture}, as a user
 * event, and in the log at debug level. Later calls join it: their arguments do not count any more, but one with
 * {@link QuicShutdownMode#COMPLIANT} strengthens a rapid shutdown, as long as its closing period would last, and any
 * that is not {@link QuicShutdownMode#WAIT_PEER} ends the wait for the peer. From the start of the flush on, and after
 * the peer's close, writes fail with {@link io.closenotify.WriteAfterShutdownException}, and new streams fail too (with
 * the codec's exception that the limit of streams is reached).
 *
 * <p><b>Threading.</b> All public methods may be called from any thread. The handler serves one channel and must run on
 * the channel's own event loop.
 *
 * <p><b>Timeouts.</b> See {@link QuicShutdownPolicy}: {@code flushTimeout} (10 s), {@code closeTimeout} (3 s),
 * {@code peerTimeout} (none). On an open connection one timer looks, at most four times a second and less than once in
 * ten on most connections, whether everything is acknowledged.
 *
 * <p><b>Errors.</b> The promise of {@code close()} completes when the channel is closed, and fails with
 * {@link QuicShutdownException} unless the outcome is a success. An error code out of range fails the promise with
 * {@link IllegalArgumentException}, and nothing else happens. Adding the handler to a stream fails: see
 * {@link QuicStreams}. Adding it where the codec is of an unknown version fails too, with what is missing.
 *
 * <p><b>Specification.</b> {@code SSL_shutdown_ex(3)}; RFC 9000, section 10. Deliberate differences: the flush is
 * bounded; the outcome of a compliant shutdown is known when the CONNECTION_CLOSE is on the wire, and the closing
 * period goes on without the connection ({@link QuicLingerHandler}). Acknowledged means that the peer's QUIC has the
 * data, not that its application has read it. A CONNECTION_CLOSE before the handshake is confirmed goes out in one
 * packet number space only, as quiche does it.
 *
 * <pre>{@code
 * pipeline.addLast(QuicShutdownHandler.builder().policy(QuicShutdownPolicy.compliant()).build());
 * pipeline.addLast(new MyApplicationHandler());
 * }</pre>
 */
public final class QuicShutdownHandler extends ChannelDuplexHandler implements ShutdownHandler {

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(QuicShutdownHandler.class);

    private static final long FIRST_SAMPLE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long SHORTEST_SAMPLE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long LONGEST_SAMPLE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** How often within the idle timeout an open connection is looked at: see {@link AckWatch}. */
    private static final int SAMPLES_IN_IDLE_TIMEOUT = 4;

    private final LongSupplier clock = System::nanoTime;
    private final ShutdownObserver observer;
    private final Queue<Input> waiting = new ArrayDeque<>();
    private volatile QuicShutdownPolicy policy;
    private volatile MachineState machine;
    private volatile @Nullable QuicOutcomePromise outcome;
    private @Nullable ChannelHandlerContext context;
    private volatile @Nullable QuicChannel channel;
    private @Nullable QuicheConnection connection;
    private @Nullable QuicLingerHandler linger;
    private @Nullable AckWatch acknowledgements;
    private @Nullable QuicShutdown shutdown;
    private @Nullable ShutdownWatch watch;
    private @Nullable SocketAddress peer;
    private @Nullable ScheduledFuture<?> sampling;
    private long longestTimeout;
    private boolean transiting;
    private long handshakeGrace;
    private long startedAt;
    private long flushedAt;
    private @Nullable QuicConnectionClose peerClose;
    private @Nullable Throwable suspect;
    private @Nullable String reason;

    QuicShutdownHandler(QuicShutdownPolicy policy, ShutdownObserver observer) {
        this.policy = policy;
        this.observer = observer;
        machine = MachineState.initial(policy.mode());
    }

    /**
     * Returns a builder.
     *
     * @return a new builder, with the default policy
     */
    public static QuicShutdownHandlerBuilder builder() {
        return new QuicShutdownHandlerBuilder();
    }

    // Public API, any thread

    /**
     * Returns the policy in force.
     *
     * @return the builder's, or that of the call that started the shutdown
     */
    public QuicShutdownPolicy policy() {
        return policy;
    }

    /**
     * Starts the shutdown with the builder's policy, or joins the one in progress.
     *
     * @return completes with the outcome
     */
    @Override
    public QuicShutdownFuture shutdown() {
        return onLoop(() -> request(policy));
    }

    /**
     * Starts the shutdown, or joins the one in progress, which it may strengthen.
     *
     * @param policy how the connection is to be ended
     * @return completes with the outcome
     */
    public QuicShutdownFuture shutdown(QuicShutdownPolicy policy) {
        requireNonNull(policy, "policy");
        return onLoop(() -> request(policy));
    }

    /**
     * Gives the connection up without waiting for what is pending. The result is {@link ShutdownResult#ABORTED}, unless
     * another one was decided before; the peer is told by the CONNECTION_CLOSE of the policy in force, within its
     * {@code closeTimeout}. Where that is being waited for already, as it is at a second call, it is given up, too.
     *
     * @return completes with the outcome
     */
    @Override
    public QuicShutdownFuture abort() {
        return onLoop(() -> {
            reason = "abort() was called";
            on(Input.ABORT);
        });
    }

    /**
     * Returns the future of the outcome, without starting a shutdown.
     *
     * @return completes with the outcome, however the connection ends
     */
    public QuicShutdownFuture outcome() {
        return onLoop(() -> { });
    }

    @Override
    public @Nullable SocketAddress peerAddress() {
        QuicChannel own = channel;
        return own == null ? null : own.remoteSocketAddress();
    }

    /** The connection; after {@code handlerAdded}. */
    QuicChannel channel() {
        return requireNonNull(channel);
    }

    /** Tells the peer at once, without waiting for what is pending. */
    QuicShutdownFuture tellNow() {
        return onLoop(() ->
                request(policy.toBuilder().mode(QuicShutdownMode.RAPID).streamFlush(StreamFlush.NONE).build()));
    }

    private QuicShutdownFuture onLoop(Runnable task) {
        QuicOutcomePromise promise = outcome;
        QuicChannel own = channel;
        if (promise == null || own == null) {
            QuicOutcomePromise none = new QuicOutcomePromise(ImmediateEventExecutor.INSTANCE);
            none.setFailure(new IllegalStateException("the handler was not added to the pipeline of a QuicChannel"));
            return none;
        }
        if (promise.isDone() && machine.mode() != QuicShutdownMode.RAPID) {
            return promise;
        }
        if (own.eventLoop().inEventLoop()) {
            task.run();
        } else {
            own.eventLoop().execute(task);
        }
        return promise;
    }

    // The machine, event loop

    private void request(QuicShutdownPolicy wanted) {
        Phase phase = machine.phase();
        if (peerClose != null && phase != Phase.TERMINATED) {
            // The peer has closed: its data is delivered first, and then its close is the end.
            return;
        }
        if (phase == Phase.HANDSHAKE || phase == Phase.OPEN) {
            startWith(wanted);
        } else if (phase == Phase.WAIT_PEER && wanted.mode() != QuicShutdownMode.WAIT_PEER) {
            // "The arguments to SSL_shutdown_ex() are used only on the first call".
            startWith(wanted.toBuilder().close(policy.close()).build());
        } else if (wanted.streamFlush() == StreamFlush.NONE && wanted.mode() != QuicShutdownMode.WAIT_PEER) {
            on(Input.SKIP_FLUSH);
        }
        on(switch (wanted.mode()) {
            case COMPLIANT -> Input.REQUEST_COMPLIANT;
            case RAPID -> Input.REQUEST_RAPID;
            case WAIT_PEER -> Input.REQUEST_WAIT_PEER;
        });
    }

    private void startWith(QuicShutdownPolicy wanted) {
        policy = wanted;
        stopSampling();
        if (shutdown != null && shutdown.isClosedByCodec()) {
            // It has still to answer for that close.
            return;
        }
        if (shutdown != null) {
            shutdown.finish();
        }
        shutdown = newShutdown();
    }

    private QuicShutdown newShutdown() {
        startedAt = clock.getAsLong();
        flushedAt = startedAt;
        QuicLingerHandler ofChannel = requireNonNull(linger);
        return new QuicShutdown(requireNonNull(connection), ofChannel, requireNonNull(acknowledgements), policy,
                ofChannel.isRefused(this), observer, clock, this::on);
    }

    /** Commits the next state, then acts; inputs raised meanwhile wait their turn. */
    private void on(Input input) {
        waiting.add(input);
        if (transiting) {
            return;
        }
        transiting = true;
        try {
            for (Input next = waiting.poll(); next != null; next = waiting.poll()) {
                MachineState before = machine;
                Transition transition = QuicShutdownMachine.next(before, next, policy.streamFlush());
                machine = transition.next();
                if (watch == null && machine.phase() != Phase.HANDSHAKE && machine.phase() != Phase.OPEN) {
                    watch = new ShutdownWatch(requireNonNull(channel), Protocol.QUIC, observer);
                }
                noteFlushed(before.phase(), machine.phase());
                transition.actions().forEach(this::act);
            }
        } finally {
            transiting = false;
        }
    }

    /** The flush, if there was one, is over. Without one, what is open is noted when the close is sent. */
    private void noteFlushed(Phase before, Phase after) {
        if (before != after && before != Phase.CLOSE && (after == Phase.CLOSE || after == Phase.TERMINATED)) {
            flushedAt = clock.getAsLong();
            if (before == Phase.FLUSH) {
                driver().noteUnacknowledged();
            }
        }
    }

    private QuicShutdown driver() {
        QuicShutdown current = shutdown;
        if (current == null) {
            current = newShutdown();
            shutdown = current;
        }
        return current;
    }

    private void act(Action action) {
        switch (action) {
            case REFUSE_WRITES -> driver().refuseWrites();
            case FLUSH -> driver().flush();
            case ARM_FLUSH_TIMER -> driver().arm(policy.flushTimeout());
            case ARM_PEER_TIMER -> driver().arm(policy.peerTimeout());
            case ARM_CLOSE_TIMER -> driver().arm(policy.closeTimeout());
            case SEND_CLOSE -> driver().sendClose(handshakeGrace);
            case LINGER -> driver().linger(true);
            case LINGER_SILENTLY -> driver().linger(false);
            case STRENGTHEN -> driver().strengthen();
            case ANNOUNCE_PEER_CLOSE -> announcePeerClose();
            case COMPLETE -> complete();
            case RELEASE -> release();
        }
    }

    private void announcePeerClose() {
        if (context != null && peerClose != null) {
            context.fireUserEventTriggered(new QuicPeerCloseEvent(peerClose));
        }
    }

    private void complete() {
        stopSampling();
        driver().finish();
        QuicConnectionClose ours = machine.delivery() == QuicCloseDelivery.ON_WIRE ? driver().sentClose() : null;
        QuicShutdownOutcome ended = new QuicShutdownOutcome(
                requireNonNull(machine.result()),
                requireNonNull(machine.initiator()),
                machine.mode(),
                machine.delivery(),
                peerClose != null ? peerClose : ours,
                peerClose != null,
                driver().bytesUnacknowledged(),
                Duration.ofNanos(flushedAt - startedAt),
                Duration.ofNanos(clock.getAsLong() - flushedAt),
                cause());
        LOGGER.debug("{} {}", channel, ended);
        ShutdownRecording recording = requireNonNull(watch).ended(ended);
        if (recording != null) {
            recording.commit(ended, peer, end(ended));
        }
        requireNonNull(outcome).complete(ended);
        if (context != null) {
            context.fireUserEventTriggered(ended);
        }
    }

    private static QuicEnd end(QuicShutdownOutcome ended) {
        QuicConnectionClose close = ended.close();
        return new QuicEnd(
                close == null ? null
                        : new QuicClose(ended.remote(), close.application(), close.errorCode(), close.reason()),
                ended.delivery(), ended.bytesUnacknowledged(), ended.flushTime(), ended.closeTime());
    }

    private @Nullable Throwable cause() {
        if (machine.result() == ShutdownResult.CLEAN || machine.result() == ShutdownResult.UNIDIRECTIONAL) {
            return null;
        }
        Throwable failure = suspect != null ? suspect : driver().writeFailure();
        if (failure != null) {
            return failure;
        }
        return new IOException(reason != null ? reason : explanation());
    }

    private String explanation() {
        if (machine.result() == ShutdownResult.ABORTED) {
            return peerClose != null
                    ? "the peer closed the connection during the handshake"
                    : "the connection was closed during the handshake";
        }
        if (machine.result() == ShutdownResult.PEER_SILENT) {
            return "the peer did not close within " + policy.peerTimeout();
        }
        return switch (machine.delivery()) {
            case ON_WIRE -> "not everything was acknowledged within " + policy.flushTimeout();
            case PEER_CONFIRMED -> "the peer closed before everything was acknowledged";
            case NOT_SENT -> "CONNECTION_CLOSE could not be sent within " + policy.closeTimeout();
        };
    }

    /** Frees the connection, unless the application has still to read what came before the peer's close. */
    private void release() {
        if (context != null && !(peerClose != null && requireNonNull(connection).hasUnreadData())) {
            context.close();
        }
    }

    // Looking at an open connection from time to time

    private void sample() {
        longestTimeout = Math.max(longestTimeout, requireNonNull(connection).timeoutNanos());
        AckWatch watched = requireNonNull(acknowledgements);
        if (watched.hasLossesToSendAgain()) {
            watched.sendAll();
        }
        watched.nothingInFlight(clock.getAsLong());
        if (sampling != null) {
            // Nothing was found ended.
            sampleIn(Math.min(LONGEST_SAMPLE_NANOS,
                    Math.max(SHORTEST_SAMPLE_NANOS, longestTimeout / SAMPLES_IN_IDLE_TIMEOUT)));
        }
    }

    private void sampleIn(long nanos) {
        sampling = requireNonNull(channel).eventLoop().schedule(this::sample, nanos, TimeUnit.NANOSECONDS);
    }

    private void stopSampling() {
        if (sampling != null) {
            sampling.cancel(false);
            sampling = null;
        }
    }

    // The pipeline's side, event loop

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        if (added.channel() instanceof QuicStreamChannel) {
            throw new IllegalStateException("a stream is not shut down, only a connection is: conclude the stream by"
                    + " QuicStreams.conclude, or reset it by QuicStreams.reset");
        }
        if (!(added.channel() instanceof QuicChannel quic) || !QuicheCodec.isConnection(quic)) {
            throw new IllegalStateException("channel: " + added.channel()
                    + " (expected: a QuicChannel of netty-incubator-codec-quic)");
        }
        context = added;
        outcome = new QuicOutcomePromise(quic.eventLoop());
        channel = quic;
        // The codec forgets it when the connection ends.
        peer = quic.remoteSocketAddress();
        connection = new QuicheConnection(quic);
        acknowledgements = new AckWatch(connection, clock.getAsLong(), !quic.isActive());
        linger = QuicLingerHandler.of(quic.parent());
        boolean refused = linger.register(this);
        if (quic.isActive()) {
            connection.streamSeen();
            established();
        }
        if (refused) {
            // Not now: a close while the channel is being registered never reaches the peer.
            quic.eventLoop().execute(() -> request(QuicShutdownPolicy.compliant().toBuilder()
                    .close(QuicConnectionClose.transport(QuicConnectionClose.CONNECTION_REFUSED, ""))
                    .build()));
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext removed) {
        if (machine.phase() != Phase.TERMINATED && outcome != null) {
            reason = "the handler was removed from the pipeline";
            on(Input.REMOVED);
        }
        context = null;
        if (linger != null) {
            linger.deregister(this);
        }
    }

    /** Called for each stream that the peer opens, and for each message of the DATAGRAM extension. */
    @Override
    public void channelRead(ChannelHandlerContext own, Object message) {
        // On a one-way stream of the peer there is nothing for us to write.
        if (message instanceof QuicStreamChannel stream && stream.type() == QuicStreamType.BIDIRECTIONAL) {
            requireNonNull(connection).streamSeen();
        }
        own.fireChannelRead(message);
    }

    @Override
    public void channelActive(ChannelHandlerContext own) {
        established();
        own.fireChannelActive();
    }

    private void established() {
        Phase phase = machine.phase();
        if (phase != Phase.HANDSHAKE && phase != Phase.WAIT_PEER) {
            return;
        }
        long now = clock.getAsLong();
        // A server has the client's last packet now, and the client what it needs to read a close of the application.
        handshakeGrace = requireNonNull(connection).isServer()
                ? now
                : now + requireNonNull(acknowledgements).handshakeGraceNanos();
        on(Input.HANDSHAKE_COMPLETED);
        if (phase == Phase.HANDSHAKE) {
            sampleIn(FIRST_SAMPLE_NANOS);
        }
    }

    /** The codec tells why a handshake failed by this promise alone. */
    @Override
    public void connect(
            ChannelHandlerContext own, SocketAddress remote, SocketAddress local, ChannelPromise promise) {
        own.connect(remote, local, promise.unvoid().addListener(connected -> {
            if (connected.cause() != null && !(connected.cause() instanceof ClosedChannelException)) {
                suspect = connected.cause();
            }
        }));
    }

    @Override
    public void close(ChannelHandlerContext own, ChannelPromise promise) {
        CloseArguments arguments = QuicheCodec.takeCloseArguments(own.channel());
        QuicShutdownPolicy wanted = policy;
        if (arguments != null) {
            QuicConnectionClose close;
            try {
                close = new QuicConnectionClose(
                        arguments.application(), arguments.error(), true, arguments.reason());
            } catch (IllegalArgumentException e) {
                promise.tryFailure(e);
                return;
            }
            wanted = wanted.toBuilder()
                    .mode(wanted.mode() == QuicShutdownMode.WAIT_PEER ? QuicShutdownMode.COMPLIANT : wanted.mode())
                    .close(close)
                    .build();
        }
        if (machine.phase() == Phase.TERMINATED || !requireNonNull(connection).exists()) {
            own.close(promise);
            return;
        }
        request(wanted);
        ChannelPromise closed = promise.unvoid();
        requireNonNull(outcome).addListener(ended -> own.channel().closeFuture().addListener(unused -> {
            if (ended.isSuccess()) {
                closed.trySuccess();
            } else {
                closed.tryFailure(ended.cause());
            }
        }));
    }

    @Override
    public void disconnect(ChannelHandlerContext own, ChannelPromise promise) {
        close(own, promise);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext own, Object event) {
        if (!(event instanceof QuicConnectionCloseEvent close)) {
            own.fireUserEventTriggered(event);
            return;
        }
        driver().peerCloses();
        QuicConnectionCloseEvent repaired = QuicheCodec.repaired(close);
        peerClose = peerClose(repaired);
        own.fireUserEventTriggered(repaired);
        // The codec tells before it delivers the data that came with the close: the task runs behind that.
        own.channel().eventLoop().execute(() ->
                on(driver().bytesPending() == 0 ? Input.PEER_CLOSED : Input.PEER_CLOSED_EARLY));
    }

    /** The frame itself if it can be read and is the one that the codec tells of; else what the codec tells. */
    private QuicConnectionClose peerClose(QuicConnectionCloseEvent event) {
        QuicConnectionClose told = new QuicConnectionClose(event.isApplicationClose(),
                Integer.toUnsignedLong(event.error()), false, new String(event.reason(), StandardCharsets.UTF_8));
        QuicConnectionClose frame =
                requireNonNull(linger).closeInHand(requireNonNull(connection).sourceIdLength(), told);
        return frame == null ? told : frame;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext own, Throwable cause) {
        if (machine.phase() != Phase.TERMINATED && (cause instanceof QuicException || cause instanceof SSLException)) {
            suspect = cause;
            if (cause instanceof QuicException && requireNonNull(linger).isReading()
                    && requireNonNull(connection).isEstablished()) {
                driver().codecCloses();
            }
        }
        own.fireExceptionCaught(cause);
    }

    @Override
    public void channelInactive(ChannelHandlerContext own) {
        connectionEnded();
        own.fireChannelInactive();
    }

    /** A channel that was never active becomes not inactive either. */
    @Override
    public void channelUnregistered(ChannelHandlerContext own) {
        connectionEnded();
        own.fireChannelUnregistered();
    }

    private void connectionEnded() {
        if (requireNonNull(channel).isTimedOut()) {
            reason = "the idle timeout of the connection is over";
            on(Input.IDLE_TIMEOUT);
        } else if (suspect != null) {
            on(Input.FAILED);
        } else {
            reason = machine.phase() == Phase.HANDSHAKE
                    ? "the channel was closed before the handshake was complete"
                    : channel.parent().isOpen()
                    ? "the connection ended without a CONNECTION_CLOSE: a stateless reset, or a close past this handler"
                    : "the UDP channel was closed underneath";
            on(Input.RESET);
        }
        requireNonNull(linger).deregister(this);
    }
}
