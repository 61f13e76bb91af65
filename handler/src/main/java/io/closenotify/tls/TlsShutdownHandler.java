package io.closenotify.tls;

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
import io.closenotify.TransportPolicy;
import io.closenotify.core.Input;
import io.closenotify.core.Phase;
import io.closenotify.core.Rules;
import io.closenotify.core.Rules.Messages;
import io.closenotify.driver.AlertNames;
import io.closenotify.driver.EventLoopCalls;
import io.closenotify.driver.MachineRunner;
import io.closenotify.driver.OutcomePromise;
import io.closenotify.driver.ShutdownPromises;
import io.closenotify.observe.ShutdownObserver;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.time.Duration;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * Ends a TLS connection the way {@code SSL_shutdown(3)} describes, behind any stock {@link SslHandler}.
 *
 * <p>Add it behind the {@code SslHandler}, best directly behind it. From then on {@code channel.close()} and
 * {@code disconnect()} flush what was written, exchange close_notify as the {@link ShutdownPolicy} says, and close the
 * transport without destroying what was sent; the peer's close_notify is answered; the end of input without one is told
 * as a truncation. Closing by a handler in front of this one is not taken over.
 *
 * <p><b>States.</b> {@link #state()} shows the flags of {@code SSL_get_shutdown} and what is awaited. A shutdown is
 * started by {@link #shutdown()}, {@code close()}, the peer's close_notify or the end of input; it ends in exactly one
 * {@link io.closenotify.ShutdownOutcome}, delivered by every {@link ShutdownFuture}, as a user event, and in the log at
 * debug level. Later calls join it and may hasten or strengthen it (see {@link ShutdownMode}). Writes that follow the
 * start fail with {@link io.closenotify.WriteAfterShutdownException} and are released.
 *
 * <p><b>Threading.</b> All public methods may be called from any thread. The handler serves one channel and must run on
 * the channel's own event loop.
 *
 * <p><b>Timeouts.</b> See {@link ShutdownPolicy}: {@code flushTimeout} (3 s), {@code peerTimeout} (5 s), {@code linger}
 * (2 s). Without a shutdown in progress no timer runs.
 *
 * <p><b>Errors.</b> The promise of {@code close()} completes when the transport is closed, and fails with
 * {@link io.closenotify.ShutdownException} unless the outcome is a success. Where the handshake was never completed the
 * result is {@link ShutdownResult#ABORTED}. With the JDK's engine {@code SslHandler} takes a handshake that the peer
 * gives up by user_canceled and close_notify for a complete one: its {@code handshakeFuture()} succeeds, though nobody
 * was authenticated. Handlers behind this one get a {@link SslHandshakeCompletionEvent} that has failed instead; go by
 * that event. A fatal alert or reset that ends an open connection goes through the
 * pipeline as ever; once a shutdown is in progress it is the outcome's {@code cause} instead. Without an
 * {@code SslHandler} in front, {@code close()} closes the transport as if this handler were absent, and
 * {@code shutdown()} fails with {@link IllegalStateException}.
 *
 * <p><b>Steady state.</b> The handler is not called for reads, writes and flushes. With BoringSSL a helper is called
 * once at the end of each batch of reads; a connection that may be {@linkplain TransportPolicy#KEEP kept}, or that
 * {@linkplain PeerClosePolicy#DEFER defers} with TLS 1.2 on the JDK's engine, has a helper that is called for each
 * record read. {@link ChannelOption#ALLOW_HALF_CLOSURE} is switched on after the handshake,
 * so that a peer's FIN cannot cut off what is still being sent; the transport is closed all the same.
 *
 * <p><b>Specification.</b> {@code SSL_shutdown(3)}, {@code SSL_set_shutdown(3)}, {@code SSL_set_quiet_shutdown(3)};
 * RFC 8446, section 6.1; RFC 5246, section 7.2.1. Deliberate differences: waiting is bounded by timeouts; application
 * data that arrives during the shutdown is delivered instead of failing it; the transport is closed at the end unless
 * it is kept.
 *
 * <pre>{@code
 * pipeline.addLast(sslContext.newHandler(channel.alloc()));
 * pipeline.addLast(TlsShutdownHandler.builder().policy(ShutdownPolicy.bidirectional()).build());
 * pipeline.addLast(new MyApplicationHandler());
 * }</pre>
 */
public final class TlsShutdownHandler extends ChannelDuplexHandler implements ShutdownHandler {

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(TlsShutdownHandler.class);

    private final LongSupplier clock;
    private final ShutdownObserver observer;
    private final boolean keepable;
    private final boolean earlyTickets;
    private final Machine machine;
    private volatile ShutdownPolicy policy;
    private volatile @Nullable TlsAttachment tls;
    private @Nullable Throwable suspect;
    private boolean closesTransport;

    TlsShutdownHandler(ShutdownPolicy policy, boolean keepable, boolean earlyTickets, ShutdownObserver observer,
            LongSupplier clock) {
        this.policy = policy;
        this.keepable = keepable;
        this.earlyTickets = earlyTickets;
        this.observer = observer;
        this.clock = clock;
        machine = new Machine(policy.mode());
    }

    /**
     * Returns a builder.
     *
     * @return a new builder, with the default policy
     */
    public static TlsShutdownHandlerBuilder builder() {
        return new TlsShutdownHandlerBuilder();
    }

    // Public API, any thread

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
     * @return fails with {@link IllegalStateException} if a shutdown has begun, or if the policy is to keep the
     *     transport and this connection cannot
     * @throws IllegalStateException if this handler is in no pipeline
     */
    public Future<Void> setPolicy(ShutdownPolicy policy) {
        requireNonNull(policy, "policy");
        return calls().declare("policy", () -> {
            requireKeepable(policy);
            EngineCapabilities can = capabilities();
            if (policy.onPeerCloseNotify() == PeerClosePolicy.DEFER && machine.phase() != Phase.HANDSHAKE
                    && can != null && !can.defersAnswer()) {
                throw new IllegalStateException("the answer cannot be deferred: " + can
                        + " (expected: a handler built with DEFER or keepable(true), before the handshake)");
            }
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
     * Returns what the engine of this connection can do.
     *
     * @return the capabilities, or {@code null} while no {@code SslHandler} has been found
     */
    public @Nullable EngineCapabilities capabilities() {
        TlsAttachment current = tls;
        return current == null ? null : current.capabilities();
    }

    /**
     * Shuts down by the policy in force, or joins the shutdown in progress.
     *
     * @return completes when the outcome is known; fails with {@link IllegalStateException} if there is no
     *     {@code SslHandler} in front of this handler
     * @throws IllegalStateException if this handler is in no pipeline
     */
    @Override
    public ShutdownFuture shutdown() {
        return calls().call(promise -> begin(promise, false));
    }

    /**
     * Shuts down by another policy. A shutdown in progress is hastened or strengthened accordingly (see
     * {@link ShutdownMode}); the timeout of its current phase keeps running.
     *
     * @param policy the policy in force from now on
     * @return completes when the outcome is known; fails with {@link IllegalStateException} if there is no
     *     {@code SslHandler} in front of this handler, or if the policy is to keep the transport and this connection
     *     cannot
     * @throws IllegalStateException if this handler is in no pipeline
     */
    public ShutdownFuture shutdown(ShutdownPolicy policy) {
        requireNonNull(policy, "policy");
        return calls().call(promise -> {
            if (machine.phase() != Phase.TERMINATED) {
                requireKeepable(policy);
                ShutdownPolicy before = this.policy;
                this.policy = policy;
                begin(promise, true);
                if (before.inboundAfterCloseNotify() == InboundPolicy.ON_DEMAND
                        && policy.inboundAfterCloseNotify() != InboundPolicy.ON_DEMAND) {
                    machine.feed(Input.RENEW_PEER_TIMER);
                }
            } else {
                begin(promise, true);
            }
        });
    }

    /**
     * Forces the end: closes the transport at once, with the result {@link ShutdownResult#ABORTED} unless another one
     * was decided before.
     *
     * @return completes when the outcome is known; fails with {@link IllegalStateException} if there is no
     *     {@code SslHandler} in front of this handler
     * @throws IllegalStateException if this handler is in no pipeline
     */
    @Override
    public ShutdownFuture abort() {
        return calls().call(promise -> {
            if (joined(promise)) {
                requireShutdown().note(new SSLException("forced by abort()"));
                machine.feed(Input.ABORT);
            }
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
     * later shutdown does not wait for it, and the end of input is no truncation.
     *
     * @return fails with {@link IllegalStateException} if a shutdown has begun
     * @throws IllegalStateException if this handler is in no pipeline
     */
    public Future<Void> setCloseNotifyReceived() {
        return calls().declare("flag", () -> machine.feed(Input.SET_RECEIVED));
    }

    private void requireKeepable(ShutdownPolicy wanted) {
        if (wanted.transport() != TransportPolicy.KEEP) {
            return;
        }
        if (!tls().isGated()) {
            throw new IllegalStateException("the transport cannot be kept: the TlsShutdownHandler was not built for it"
                    + " (expected: keepable(true), or a policy with KEEP), or was not behind its SslHandler from the"
                    + " first byte on");
        }
        if (tls().isPastKeeping()) {
            throw new IllegalStateException("the transport cannot be kept: its output was shut down, or what followed"
                    + " the peer's close_notify was ignored (expected: KEEP before that)");
        }
    }

    // The machine and its driver, event loop only

    private final class Machine extends MachineRunner<TlsShutdown> {

        Machine(ShutdownMode mode) {
            super(mode);
        }

        @Override
        protected Rules rules(Input input) {
            boolean ends = input == Input.END_OF_INPUT || input == Input.TRANSPORT_CLOSED;
            return Rules.of(policy, isDeferring(), canKeepTransport(), ends ? messages() : Messages.UNKNOWN);
        }

        @Override
        protected TlsShutdown newDriver() {
            return new TlsShutdown(TlsShutdownHandler.this, this, tls(), observer, clock);
        }
    }

    private EventLoopCalls calls() {
        TlsAttachment current = tls;
        return new EventLoopCalls(this, current == null ? null : current.own(), machine);
    }

    private void later(Runnable task) {
        EventLoopCalls.later(own(), task);
    }

    private ChannelHandlerContext own() {
        return tls().own();
    }

    private boolean isDeferring() {
        EngineCapabilities can = policy.onPeerCloseNotify() == PeerClosePolicy.DEFER ? capabilities() : null;
        return can != null && can.defersAnswer() && (holdsAlerts() || !tls().engine().answered());
    }

    private boolean canKeepTransport() {
        return tls().isGated() && !closesTransport && !tls().isPastKeeping();
    }

    /** Whether the transport is to live on. */
    boolean keepsTransport() {
        return wantsTransportKept() && canKeepTransport();
    }

    /** Whether the transport is to live on, whether or not it can. */
    boolean wantsTransportKept() {
        return policy.transport() == TransportPolicy.KEEP && !closesTransport;
    }

    private Messages messages() {
        TlsShutdown shutdown = machine.driver();
        return shutdown != null && !shutdown.delivers() ? Messages.UNKNOWN
                : MessageBoundaries.ask(own(), failure -> requireShutdown().note(failure));
    }

    private TlsShutdown requireShutdown() {
        return machine.requireDriver();
    }

    private void begin(OutcomePromise promise, boolean changesMode) {
        if (joined(promise) && (changesMode || !machine.shuttingDown())) {
            requireShutdown().askedToKeep(keepsTransport());
            requestShutdown();
        }
    }

    private void requestShutdown() {
        if (suspect == null) {
            Channel channel = own().channel();
            // What is closed already was closed by a write that met a reset, of which nobody has been told yet.
            machine.feed(channel.isActive() ? Input.requestFor(policy.mode())
                    : channel.isOpen() ? Input.ABORT : closedBy(channel));
        } else {
            // Asked for in view of an exception that may be the end itself: wait until that is known.
            later(() -> {
                if (!machine.hasBegun() && (suspect == null || own().channel().isOpen())) {
                    requestShutdown();
                }
            });
        }
    }

    private boolean isActive() {
        return own().channel().isActive();
    }

    private boolean joined(OutcomePromise promise) {
        if (!ready()) {
            promise.setFailure(new IllegalStateException("no SslHandler in front of the TlsShutdownHandler in "
                    + own().pipeline().names()));
            return false;
        }
        requireShutdown().promises().join(promise);
        return true;
    }

    /** The application has handled what came before the peer's close_notify. */
    void answerPeer() {
        ChannelHandlerContext own = own();
        if (machine.phase() == Phase.PEER_CLOSED && !own.isRemoved() && isActive()) {
            requestShutdown();
        }
    }

    // What the gate in front of the SslHandler asks and tells

    /** Records are looked at from the first one on, or not at all. */
    private boolean wantsRecords() {
        return keepable || policy.transport() == TransportPolicy.KEEP
                || policy.onPeerCloseNotify() == PeerClosePolicy.DEFER;
    }

    /** Whether an alert is to be held: the engine would answer it before the application is done. */
    boolean holdsAlerts() {
        return (machine.phase() == Phase.OPEN || machine.phase() == Phase.PEER_CLOSED || machine.phase() == Phase.FLUSH)
                && tls().isGated() && tls().engine().answersByItself();
    }

    void alertHeld() {
        machine.feed(Input.PEER_ALERT_HELD);
    }

    void inputPassed(int bytes) {
        TlsShutdown shutdown = machine.driver();
        if (shutdown != null) {
            shutdown.inputPassed(bytes);
        }
    }

    // Finding the SslHandler

    /** Whether there is an SslHandler in front; looks for it if the one known is gone or none was known. */
    private boolean attached() {
        return tls().isThere() || (machine.driver() != null && tls().wasFound()) || tls().find(wantsRecords());
    }

    private TlsAttachment tls() {
        return requireNonNull(tls);
    }

    private SslHandler sslHandler() {
        return tls().sslHandler();
    }

    /** The same, with the machine up to date: listeners of the handshake future run before its event. */
    private boolean ready() {
        if (!attached()) {
            return false;
        }
        if (machine.phase() == Phase.HANDSHAKE && tls().isEstablished()) {
            handshakeCompleted();
        }
        return true;
    }

    private void handshakeCompleted() {
        ShutdownPromises.rememberPeer(own().channel());
        tls().handshakeCompleted(keepable || policy.transport() == TransportPolicy.KEEP,
                policy.onPeerCloseNotify() == PeerClosePolicy.DEFER, earlyTickets);
        boolean lacksDefer = policy.onPeerCloseNotify() == PeerClosePolicy.DEFER
                && !requireNonNull(capabilities()).defersAnswer();
        boolean lacksKeep = policy.transport() == TransportPolicy.KEEP && !tls().isGated();
        if (lacksDefer || lacksKeep) {
            LOGGER.warn("{} cannot do all of {}: {}", own().channel(), policy, capabilities());
        }
        machine.feed(Input.HANDSHAKE_COMPLETED);
    }

    // Netty's events, event loop only

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        EventLoopCalls.requireEventLoop(added);
        tls = new TlsAttachment(added);
        if (ready() && machine.phase() == Phase.OPEN) {
            // Added late: the alert, or the end of input, may have been here before us.
            if (tls().engine().closeNotifyReceived()) {
                peerClosed();
            } else if (added.channel() instanceof DuplexChannel duplex && duplex.isInputShutdown()) {
                machine.feed(Input.END_OF_INPUT);
            }
        } else if (!tls().wasFound() && wantsRecords()) {
            // addFirst(ssl, this) adds this one first, and the first record comes after both.
            later(() -> {
                if (!added.isRemoved()) {
                    attached();
                }
            });
        }
    }

    private void peerClosed() {
        requireShutdown().noteAlert(AlertNames.CLOSE_NOTIFY);
        machine.feed(Input.PEER_CLOSE_NOTIFY);
        if (machine.phase() == Phase.PEER_CLOSED && isActive() && tls().engine().answered()) {
            machine.feed(Input.ENGINE_SENT);
            requireShutdown().engineAnswered();
        } else if (machine.phase() == Phase.FLUSH && policy.mode() == ShutdownMode.QUIET && tls().engine().answered()) {
            // The JDK's engine of TLS 1.2, whatever we chose: it was no quiet shutdown then.
            machine.feed(Input.ENGINE_SENT);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext removed) {
        if (machine.shuttingDown()) {
            requireShutdown().note(new IllegalStateException("the TlsShutdownHandler was removed from the pipeline"));
            machine.feed(Input.ABORT);
        } else if (machine.phase() != Phase.TERMINATED) {
            TlsShutdown shutdown = machine.driver();
            if (shutdown != null) {
                shutdown.standDown();
            }
            TlsAttachment attachment = tls;
            if (attachment != null && attachment.detach(machine.state().inputEnded())) {
                removed.pipeline().close();
            }
        }
    }

    @Override
    public void close(ChannelHandlerContext own, ChannelPromise promise) {
        if (takesOver()) {
            requireShutdown().promises().join(promise);
            if (machine.shuttingDown() && policy.inboundAfterCloseNotify() == InboundPolicy.ON_DEMAND) {
                Duration deadline = policy.peerTimeout().isZero()
                        ? ShutdownPolicy.bidirectional().peerTimeout() : policy.peerTimeout();
                policy = policy.toBuilder().inboundAfterCloseNotify(InboundPolicy.DELIVER)
                        .peerTimeout(deadline).build();
                machine.feed(Input.RENEW_PEER_TIMER);
            }
            if (!machine.hasBegun()) {
                closesTransport = true;
                requestShutdown();
            }
        } else {
            own.close(promise);
        }
    }

    @Override
    public void disconnect(ChannelHandlerContext own, ChannelPromise promise) {
        if (takesOver()) {
            close(own, promise);
        } else {
            own.disconnect(promise);
        }
    }

    private boolean takesOver() {
        if (machine.phase() == Phase.TERMINATED) {
            // The transport is about to be closed: a stock close() now would send an alert of its own.
            return machine.driver() != null && own().channel().isOpen();
        }
        if (ready()) {
            return true;
        }
        ChannelHandlerContext own = own();
        if (own.pipeline().get(SslHandler.class) == null) {
            LOGGER.debug("{} closed without TLS shutdown: no SslHandler", own.channel());
        } else {
            LOGGER.warn("{} closed without TLS shutdown: the SslHandler stands behind the TlsShutdownHandler in {}"
                    + " (expected: in front)", own.channel(), own.pipeline().names());
        }
        return false;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext own, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            own.fireUserEventTriggered(handshakeEnded(handshake));
            return;
        }
        if (event instanceof SslCloseCompletionEvent close && close.isSuccess()) {
            if (attached() && tls().engine().closeNotifyReceived()) {
                peerClosed();
            }
        } else if (event instanceof ChannelInputShutdownEvent && attached()) {
            machine.feed(transportFailed() ? Input.RESET : Input.END_OF_INPUT);
        }
        own.fireUserEventTriggered(event);
    }

    /** Returns what the application is to be told. */
    private SslHandshakeCompletionEvent handshakeEnded(SslHandshakeCompletionEvent told) {
        if (!told.isSuccess()) {
            if (attached()) {
                requireShutdown().note(told.cause());
            }
            return told;
        }
        // Of TLS in TLS each handshake is told here; and a new SslHandler may have replaced the one known.
        boolean found = machine.driver() == null ? tls().find(wantsRecords()) : attached();
        if (!found || !sslHandler().handshakeFuture().isSuccess()) {
            return told;
        }
        if (tls().isEstablished()) {
            handshakeCompleted();
            return told;
        }
        Throwable failure = new SSLHandshakeException("the peer gave the handshake up before it was complete");
        requireShutdown().note(failure);
        return new SslHandshakeCompletionEvent(failure);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext own, Throwable cause) {
        SSLException tls = tlsFailure(cause);
        if (tls != null && attached() && machine.phase() != Phase.TERMINATED) {
            tlsFailed(own, cause, tls);
        } else if (tls == null && cause instanceof IOException && attached() && machine.phase() != Phase.TERMINATED) {
            suspectTransport(cause, () -> own.fireExceptionCaught(cause));
        } else {
            own.fireExceptionCaught(cause);
        }
    }

    private void tlsFailed(ChannelHandlerContext own, Throwable cause, SSLException tls) {
        if (tls().engine().closeNotifyReceived()) {
            // RFC 8446 6.1: any data received after a closure alert MUST be ignored.
            LOGGER.debug("{} ignored behind the peer's close_notify", own.channel(), cause);
        } else if (own.channel().isOpen() && !sslHandler().engine().isInboundDone()) {
            // The engine lives: the exception is somebody else's.
            own.fireExceptionCaught(cause);
        } else {
            TlsShutdown driver = requireShutdown();
            driver.note(tls);
            driver.noteAlert(AlertNames.in(tls));
            if (isEnding()) {
                // The outcome tells it.
                machine.feed(Input.FATAL_ALERT);
            } else {
                // The application sees the exception before the outcome; a close() of its own comes after the failure.
                machine.feedAhead(Input.FATAL_ALERT, () -> own.fireExceptionCaught(cause));
            }
        }
    }

    private boolean isEnding() {
        return machine.shuttingDown() || machine.phase() == Phase.PEER_CLOSED;
    }

    /**
     * Takes an exception for the transport's failure if the transport ends in the same event, and only then.
     *
     * @param tell tells the application; not called if the outcome tells it
     */
    void suspectTransport(Throwable cause, Runnable tell) {
        ChannelHandlerContext own = own();
        boolean ending = isEnding();
        suspect = cause;
        later(() -> {
            if (suspect == cause && own.channel().isOpen()) {
                suspect = null;
                if (ending) {
                    tell.run();
                }
            }
        });
        if (!ending) {
            tell.run();
        }
    }

    private boolean transportFailed() {
        Throwable failure = suspect;
        suspect = null;
        if (failure != null) {
            requireShutdown().note(failure);
        }
        return failure != null;
    }

    private static @Nullable SSLException tlsFailure(Throwable cause) {
        Throwable failure = cause instanceof DecoderException ? cause.getCause() : cause;
        return failure instanceof SSLException tls ? tls : null;
    }

    @Override
    public void channelInactive(ChannelHandlerContext own) {
        if (machine.phase() != Phase.TERMINATED && attached()) {
            machine.feed(closedBy(own.channel()));
        }
        TlsShutdown shutdown = machine.driver();
        if (shutdown != null) {
            shutdown.promises().settleClosePromises();
        }
        own.fireChannelInactive();
    }

    /** Tells why the transport closed. */
    private Input closedBy(Channel channel) {
        if (transportFailed()) {
            return Input.RESET;
        }
        boolean seesEndOfInput = Boolean.TRUE.equals(channel.config().getOption(ChannelOption.ALLOW_HALF_CLOSURE));
        boolean flushing = machine.phase() == Phase.FLUSH || machine.phase() == Phase.SEND;
        if (machine.phase() == Phase.HANDSHAKE || machine.phase() == Phase.ABANDON || flushing
                || machine.state().inputEnded() || !seesEndOfInput) {
            return Input.TRANSPORT_CLOSED;
        }
        // Not by the peer's FIN, which would have been seen first. A write that failed closes the channel without a
        // word, and a closed channel fails writes with that failure.
        Throwable refused = tls().sslContext().writeAndFlush(Unpooled.EMPTY_BUFFER).cause();
        Throwable reason = refused == null ? null : refused.getCause();
        if (reason instanceof IOException) {
            requireShutdown().note(reason);
            return Input.RESET;
        }
        requireShutdown().note(new SSLException("closed by a handler in front of the TlsShutdownHandler,"
                + " or by its event loop"));
        return Input.ABORT;
    }
}
