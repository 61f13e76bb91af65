package io.closenotify.tls;

import io.closenotify.InboundPolicy;
import io.closenotify.LingerEnd;
import io.closenotify.ShutdownException;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.ShutdownState;
import io.closenotify.TruncationException;
import io.closenotify.core.Action;
import io.closenotify.core.Input;
import io.closenotify.core.MachineState;
import io.closenotify.core.MachineState.Receive;
import io.closenotify.core.Phase;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The end of one connection: does what the machine says and keeps the books for the outcome. Made when the end begins,
 * so that an idle connection pays nothing for it. Event loop only.
 */
final class TlsShutdown {

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(TlsShutdownHandler.class);

    private static final long FIRST_ACKNOWLEDGEMENT_POLL = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LAST_ACKNOWLEDGEMENT_POLL = TimeUnit.MILLISECONDS.toNanos(64);
    private static final long LAST_LOOK = TimeUnit.MILLISECONDS.toNanos(50);

    private final TlsShutdownHandler handler;
    private final ChannelHandlerContext context;
    private final ChannelHandlerContext sslContext;
    private final TlsEngine engine;
    private final LongSupplier clock;
    private final ShutdownGuard guard = new ShutdownGuard(this);
    private final Queue<Input> queued = new ArrayDeque<>(4);
    private final List<OutcomePromise> outcomePromises = new ArrayList<>(1);
    private final List<ChannelPromise> closePromises = new ArrayList<>(1);
    private @Nullable ChannelHandlerContext guardContext;
    private @Nullable InputDiscarder discarder;
    private boolean lookedAgain;
    private @Nullable Future<?> timer;
    private @Nullable ShutdownOutcome outcome;
    private @Nullable Throwable cause;
    private @Nullable String lastAlert;

    private long phaseStart;
    private long flushNanos;
    private long peerNanos;
    private long lingerNanos;

    private boolean countsInbound;
    private boolean delivers;
    private long bytesWhileFlushing;
    private long bytesDelivered;
    private long bytesDiscarded;
    private long bytesPendingAtStart;

    TlsShutdown(TlsShutdownHandler handler, ChannelHandlerContext context, ChannelHandlerContext sslContext,
            TlsEngine engine, LongSupplier clock) {
        this.handler = handler;
        this.context = context;
        this.sslContext = sslContext;
        this.engine = engine;
        this.clock = clock;
        phaseStart = clock.getAsLong();
    }

    // What the handler and the helpers report

    /** The first cause is the one that is told. */
    void note(Throwable reason) {
        if (cause == null) {
            cause = reason;
        }
    }

    void noteAlert(@Nullable String name) {
        if (name != null) {
            lastAlert = name;
        }
    }

    void join(OutcomePromise promise) {
        ShutdownOutcome known = outcome;
        if (known != null) {
            promise.complete(known);
        } else {
            outcomePromises.add(promise);
        }
    }

    void join(ChannelPromise closePromise) {
        closePromises.add(closePromise);
        settleClosePromises();
    }

    Queue<Input> queued() {
        return queued;
    }

    boolean ownsReading() {
        MachineState state = handler.machine();
        // A peer that does not read until we do must be read while we flush, but not without bound: what it sends then
        // is not told to exceed any cap.
        return state.shuttingDown() && !state.inputEnded()
                && (countsInbound || bytesWhileFlushing <= handler.policy().inboundCap());
    }

    /** Books application data that arrived, and tells whether it goes to the application. */
    boolean accepts(int bytes) {
        if (!countsInbound) {
            bytesWhileFlushing += bytes;
            return true;
        }
        boolean capped = handler.machine().phase() != Phase.LINGER
                && bytesDelivered + bytesDiscarded + bytes > handler.policy().inboundCap();
        if (delivers && !capped) {
            bytesDelivered += bytes;
            return true;
        }
        bytesDiscarded += bytes;
        if (capped && handler.machine().phase() != Phase.TERMINATED) {
            note(new SSLException("more than " + handler.policy().inboundCap()
                    + " bytes arrived after our close_notify"));
            LOGGER.warn("{} forced: more than {} bytes arrived after our close_notify", context.channel(),
                    handler.policy().inboundCap());
            handler.feed(Input.CAP_EXCEEDED);
        }
        return false;
    }

    void phaseChanged(Phase from) {
        long now = clock.getAsLong();
        book(from, now - phaseStart);
        phaseStart = now;
        if (handler.machine().phase() == Phase.TERMINATED) {
            cancelTimer();
        }
    }

    private void book(Phase phase, long nanos) {
        switch (phase) {
            case ABANDON, FLUSH, SEND -> flushNanos += nanos;
            case AWAIT_PEER -> peerNanos += nanos;
            case LINGER -> lingerNanos += nanos;
            case HANDSHAKE, OPEN, PEER_CLOSED, TERMINATED -> {
                // Not part of a shutdown.
            }
        }
    }

    /** Completes the promises of close() once the transport is closed and the outcome is known. */
    void settleClosePromises() {
        ShutdownOutcome known = outcome;
        if (known == null || context.channel().isOpen()) {
            return;
        }
        List<ChannelPromise> settled = List.copyOf(closePromises);
        closePromises.clear();
        for (ChannelPromise promise : settled) {
            if (known.isSuccess()) {
                promise.trySuccess();
            } else {
                promise.tryFailure(new ShutdownException(known));
            }
        }
    }

    // What the machine says

    void run(Action action) {
        switch (action) {
            case ANSWER_AFTER_READ -> answerAfterRead();
            case ARM_FLUSH_TIMER -> arm(handler.policy().flushTimeout());
            case FLUSH_DATA -> flushData();
            case ABANDON_HANDSHAKE -> abandonHandshake();
            case SEND_CLOSE_NOTIFY -> sendCloseNotify();
            case MARK_QUIET -> engine.markQuiet();
            case ARM_PEER_TIMER -> arm(handler.policy().peerTimeout());
            case AWAIT_PEER -> countInbound();
            case ARM_LINGER_TIMER -> armLinger();
            case HALF_CLOSE -> halfClose();
            case DISCARD_DATA -> delivers = false;
            case IGNORE_INPUT -> ignoreInput();
            case RAISE_TRUNCATION -> context.fireExceptionCaught(new TruncationException());
            case COMPLETE -> complete();
            case CLOSE_TRANSPORT -> closeTransport();
        }
    }

    private void answerAfterRead() {
        // An application on an executor of its own has been handed the data there, and hands its writes back here.
        EventExecutor application = context.pipeline().lastContext().executor();
        if (application.inEventLoop()) {
            handler.later(handler::answerPeer);
            return;
        }
        try {
            application.execute(() -> handler.later(handler::answerPeer));
        } catch (RejectedExecutionException e) {
            handler.later(handler::answerPeer);
        }
    }

    private void flushData() {
        ChannelHandlerContext behind = installGuard();
        // A write from another thread was bound to the SslHandler when it was called, past a guard that was not there
        // yet. Such writes are tasks that wait behind this one, or are about to: they count as written before the
        // shutdown. BoringSSL would take one behind its close_notify for a fatal error.
        handler.later(() -> handler.later(() -> {
            if (handler.machine().phase() == Phase.FLUSH && !sslContext.isRemoved()) {
                guard.flushAll(behind, reporting(behind.newPromise(), Input.DATA_FLUSHED));
                bytesPendingAtStart = pendingBytes();
            } else {
                handler.feed(Input.FLUSH_FAILED);
            }
        }));
    }

    /**
     * The engine has answered the peer's close_notify by itself. What the application wrote before and has not flushed
     * can no longer be sent, and an empty write behind it shares its fate.
     */
    void engineAnswered() {
        SslHandler ssl = (SslHandler) sslContext.handler();
        ChannelPromise shared = sslContext.newPromise();
        try {
            ssl.write(sslContext, Unpooled.EMPTY_BUFFER, shared);
        } catch (Exception e) {
            shared.tryFailure(e);
        }
        shared.addListener(done -> {
            if (!done.isSuccess() && !context.isRemoved() && !sslContext.isRemoved()) {
                note(done.cause());
                handler.feed(Input.FLUSH_FAILED);
            }
        });
    }

    private void abandonHandshake() {
        ChannelHandlerContext behind = installGuard();
        if (engine.abandonHandshake(reporting(behind.newPromise(), Input.ALERT_FLUSHED))) {
            handler.feed(Input.ENGINE_SENT);
        }
    }

    private ChannelHandlerContext installGuard() {
        ChannelPipeline pipeline = context.pipeline();
        pipeline.addAfter(sslContext.name(), null, guard);
        ChannelHandlerContext installed = pipeline.context(guard);
        guardContext = installed;
        guard.readOn(installed);
        return installed;
    }

    private void sendCloseNotify() {
        countInbound();
        ChannelHandlerContext behind = guardContext;
        if (behind != null) {
            guard.readOn(behind);
            engine.sendCloseNotify(behind, reporting(behind.newPromise(), Input.ALERT_FLUSHED));
            bytesPendingAtStart = pendingBytes();
        }
    }

    private ChannelPromise reporting(ChannelPromise promise, Input success) {
        return promise.addListener(done -> {
            if (done.isSuccess()) {
                bytesPendingAtStart = 0;
                handler.feed(success);
            } else {
                note(done.cause());
                handler.feed(Input.FLUSH_FAILED);
            }
        });
    }

    private void countInbound() {
        countsInbound = true;
        delivers = handler.policy().inboundAfterCloseNotify() == InboundPolicy.DELIVER;
    }

    private void halfClose() {
        // The transport of TLS in TLS is the outer TLS, whose own end is not for us to bring about.
        if (!handler.isInner() && context.channel() instanceof DuplexChannel duplex && !duplex.isOutputShutdown()) {
            duplex.shutdownOutput();
        }
    }

    private void ignoreInput() {
        if (discarder == null && !sslContext.isRemoved()) {
            discarder = new InputDiscarder(handler);
            context.pipeline().addBefore(sslContext.name(), null, discarder);
        }
    }

    /** The handler is leaving before anything was begun: so does the helper, and whoever waits is told. */
    void standDown() {
        if (discarder != null && context.pipeline().context(discarder) != null) {
            context.pipeline().remove(discarder);
        }
        IllegalStateException removed = new IllegalStateException("the TlsShutdownHandler was removed");
        outcomePromises.forEach(promise -> promise.setFailure(removed));
        outcomePromises.clear();
    }

    private void closeTransport() {
        // Past the SslHandler, which would close the engine's outbound side first.
        ChannelHandlerContext from = sslContext.isRemoved() ? context : sslContext;
        from.close().addListener(closed -> settleClosePromises());
    }

    // Timers: one at a time

    private void arm(Duration timeout) {
        cancelTimer();
        if (!timeout.isZero()) {
            timer = context.executor().schedule(this::expired, timeout.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void armLinger() {
        ShutdownPolicy policy = handler.policy();
        if (policy.lingerEnd() == LingerEnd.ACKNOWLEDGED && TransportAcknowledgements.canTell(context.channel())) {
            pollAcknowledgements(policy.linger().toNanos(), FIRST_ACKNOWLEDGEMENT_POLL);
        } else {
            arm(policy.linger());
        }
    }

    private void pollAcknowledgements(long remaining, long interval) {
        cancelTimer();
        long wait = Math.min(remaining, interval);
        timer = context.executor().schedule(() -> {
            timer = null;
            if (TransportAcknowledgements.complete(context.channel())) {
                handler.feed(Input.ACKNOWLEDGED);
            } else if (remaining <= wait) {
                expired();
            } else {
                pollAcknowledgements(remaining - wait, Math.min(2 * interval, LAST_ACKNOWLEDGEMENT_POLL));
            }
        }, wait, TimeUnit.NANOSECONDS);
    }

    private void expired() {
        timer = null;
        Phase phase = handler.machine().phase();
        ChannelHandlerContext behind = guardContext;
        if (phase == Phase.AWAIT_PEER && behind != null && !lookedAgain && !context.channel().config().isAutoRead()) {
            // Whoever switched autoRead off meanwhile has stopped our reading, too: the alert may lie unread.
            lookedAgain = true;
            guard.readOn(behind);
            timer = context.executor().schedule(this::expired, LAST_LOOK, TimeUnit.NANOSECONDS);
            return;
        }
        if (phase == Phase.FLUSH || phase == Phase.SEND || phase == Phase.ABANDON) {
            note(new SSLException("not flushed within " + handler.policy().flushTimeout().toMillis() + " ms"));
        } else if (phase == Phase.AWAIT_PEER) {
            note(new SSLException("no close_notify within " + handler.policy().peerTimeout().toMillis() + " ms"));
        }
        handler.feed(Input.TIMER_EXPIRED);
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    // The outcome

    private void complete() {
        MachineState state = handler.machine();
        ShutdownState view = state.view();
        book(state.phase(), clock.getAsLong() - phaseStart);
        ShutdownResult result = state.result() == null ? ShutdownResult.ABORTED : state.result();
        if ((result == ShutdownResult.CLEAN && state.receive() == Receive.ENDED)
                || result == ShutdownResult.TRUNCATED) {
            note(new TruncationException());
        }
        ShutdownOutcome known = new ShutdownOutcome(
                result,
                state.initiator() == null ? ShutdownInitiator.TRANSPORT : state.initiator(),
                state.mode(),
                view.closeNotifySent(),
                view.closeNotifyReceived(),
                lastAlert,
                bytesDelivered,
                bytesDiscarded,
                bytesNotFlushed(),
                Duration.ofNanos(flushNanos),
                Duration.ofNanos(peerNanos),
                Duration.ofNanos(lingerNanos),
                handler.sessionResumable(result),
                cause);
        outcome = known;
        LOGGER.debug("{} {}", context.channel(), known);
        List<OutcomePromise> waiting = List.copyOf(outcomePromises);
        outcomePromises.clear();
        if (!context.isRemoved()) {
            context.fireUserEventTriggered(known);
        }
        for (OutcomePromise promise : waiting) {
            promise.complete(known);
        }
    }

    private long bytesNotFlushed() {
        long pending = pendingBytes();
        return pending > 0 ? pending : bytesPendingAtStart;
    }

    /** What the SslHandler has handed to the transport and the kernel has not taken. */
    private long pendingBytes() {
        ChannelOutboundBuffer buffer = context.channel().unsafe().outboundBuffer();
        if (buffer == null || buffer.isEmpty()) {
            return 0;
        }
        long[] bytes = new long[1];
        try {
            buffer.forEachFlushedMessage(message -> {
                bytes[0] += message instanceof ByteBuf data ? data.readableBytes() : 0;
                return true;
            });
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return bytes[0];
    }
}
