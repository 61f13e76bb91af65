package io.closenotify.tls;

import io.closenotify.InboundPolicy;
import io.closenotify.LingerEnd;
import io.closenotify.PeerCloseNotifyEvent;
import io.closenotify.Protocol;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationException;
import io.closenotify.core.Action;
import io.closenotify.core.Input;
import io.closenotify.core.MachineState;
import io.closenotify.core.MachineState.Receive;
import io.closenotify.core.MachineState.Send;
import io.closenotify.core.Phase;
import io.closenotify.driver.EventLoopCalls;
import io.closenotify.driver.MachineRunner;
import io.closenotify.driver.PhaseTimer;
import io.closenotify.driver.ShutdownBooks;
import io.closenotify.driver.ShutdownPromises;
import io.closenotify.driver.UnsentBytes;
import io.closenotify.observe.ShutdownObserver;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundInvoker;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The end of one connection: does what the machine says and keeps the books for the outcome. Made when the end begins,
 * so that an idle connection pays nothing for it. Event loop only.
 */
final class TlsShutdown implements MachineRunner.Driver {

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(TlsShutdownHandler.class);

    private static final long FIRST_ACKNOWLEDGEMENT_POLL = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LAST_ACKNOWLEDGEMENT_POLL = TimeUnit.MILLISECONDS.toNanos(64);
    private static final Duration LAST_LOOK = Duration.ofMillis(50);

    /**
     * The JDK's engine takes any number of warning alerts and empty records. This many bytes of them (some 2,000
     * records) is more than session tickets, key updates and a renegotiation can need.
     */
    private static final int MOST_BYTES_WITHOUT_DATA = 1 << 16;

    private final TlsShutdownHandler handler;
    private final MachineRunner<?> machine;
    private final ChannelHandlerContext context;
    private final TlsAttachment tls;
    private final ChannelHandlerContext sslContext;
    private final TlsEngine engine;
    private final ShutdownBooks books;
    private final ShutdownPromises promises;
    private final PhaseTimer timer;
    private final ShutdownGuard guard = new ShutdownGuard(this);
    private @Nullable ChannelHandlerContext guardContext;
    private @Nullable ChannelInboundInvoker inFrontOfTls;
    private boolean lookedAgain;

    private boolean askedToKeep;
    private boolean countsInbound;
    private boolean delivers;
    private boolean dataArrived;
    private long bytesWithoutData;
    private long bytesWhileFlushing;
    private long bytesPendingAtStart;
    private boolean transportKept;

    TlsShutdown(TlsShutdownHandler handler, MachineRunner<?> machine, TlsAttachment tls, ShutdownObserver observer,
            LongSupplier clock) {
        this.handler = handler;
        this.machine = machine;
        this.tls = tls;
        context = tls.own();
        sslContext = tls.sslContext();
        engine = tls.engine();
        books = new ShutdownBooks(Protocol.TLS, clock);
        promises = new ShutdownPromises(context, Protocol.TLS, observer);
        timer = new PhaseTimer(context.executor(), this::expired);
    }

    // What the handler and the helpers report

    @Override
    public void note(Throwable reason) {
        books.note(reason);
    }

    void noteAlert(@Nullable String name) {
        books.noteAlert(name);
    }

    ShutdownPromises promises() {
        return promises;
    }

    /** Whether the application has asked for the time after TLS. */
    void askedToKeep(boolean asked) {
        askedToKeep = asked;
    }

    boolean ownsReading() {
        MachineState state = machine.state();
        Phase phase = state.phase();
        if (isOnDemand() && phase != Phase.ABANDON && phase != Phase.LINGER) {
            return false;
        }
        // A peer that does not read until we do must be read while we flush, but not without bound: what it sends then
        // is not told to exceed any cap.
        return state.shuttingDown() && !state.inputEnded()
                && (countsInbound || bytesWhileFlushing <= handler.policy().inboundCap());
    }

    private boolean isOnDemand() {
        return handler.policy().inboundAfterCloseNotify() == InboundPolicy.ON_DEMAND;
    }

    /**
     * Whether writes wait for the time after TLS. Only if the application asked for that time: where the peer ended
     * TLS, what the application writes before it knows of that was not meant to go out in plaintext.
     */
    boolean holdsWrites() {
        Phase phase = machine.phase();
        return askedToKeep && phase != Phase.LINGER && phase != Phase.TERMINATED
                && handler.keepsTransport();
    }

    /** Whether what arrives goes to the application, as it did before the shutdown. */
    boolean delivers() {
        return !countsInbound || delivers;
    }

    /** Books application data that arrived, and tells whether it goes to the application. */
    boolean accepts(int bytes) {
        dataArrived = true;
        if (!countsInbound) {
            bytesWhileFlushing += bytes;
            return true;
        }
        ShutdownPolicy policy = handler.policy();
        boolean capped = books.exceedsCap(bytes, policy) && machine.phase() != Phase.LINGER;
        if (delivers && !capped) {
            books.delivered(bytes);
            return true;
        }
        books.discarded(bytes);
        if (capped) {
            force(policy.inboundCap() + " bytes arrived after our close_notify");
        }
        return false;
    }

    /** Books what passed the gate, application data or not. */
    void inputPassed(int bytes) {
        if (machine.phase() == Phase.TICKETS) {
            machine.feed(Input.TICKETS_READ);
        } else if (machine.phase() == Phase.AWAIT_PEER) {
            bytesWithoutData = dataArrived ? 0 : bytesWithoutData + bytes;
            dataArrived = false;
            if (bytesWithoutData > MOST_BYTES_WITHOUT_DATA) {
                force(MOST_BYTES_WITHOUT_DATA + " bytes of alerts and empty records arrived after our close_notify");
            }
        }
    }

    private void force(String excess) {
        if (machine.phase() != Phase.TERMINATED) {
            note(new SSLException("more than " + excess));
            LOGGER.warn("{} forced: more than {}", context.channel(), excess);
            machine.feed(Input.CAP_EXCEEDED);
        }
    }

    @Override
    public void phaseChanged(Phase from) {
        books.phaseEnded(from);
        promises.phaseChanged(from, machine.state());
        Phase phase = machine.phase();
        if (phase == Phase.RELEASE || phase == Phase.TERMINATED) {
            timer.cancel();
        }
    }

    // What the machine says

    @Override
    public void run(Action action) {
        switch (action) {
            case ANNOUNCE_PEER_CLOSE -> context.fireUserEventTriggered(
                    new PeerCloseNotifyEvent(machine.state().receive() == Receive.CLOSE_NOTIFY));
            case ARM_DEFER_TIMER -> timer.arm(handler.policy().deferTimeout());
            case ANSWER_AFTER_READ -> answerAfterRead();
            case ARM_FLUSH_TIMER -> timer.arm(handler.policy().flushTimeout());
            case FLUSH_DATA -> flushData();
            case ABANDON_HANDSHAKE -> abandonHandshake();
            case ARM_TICKET_TIMER -> timer.arm(handler.policy().ticketTimeout());
            case READ_TICKETS -> readTickets();
            case SEND_CLOSE_NOTIFY -> sendCloseNotify();
            case MARK_QUIET -> engine.markQuiet();
            case ARM_PEER_TIMER -> timer.arm(handler.policy().peerTimeout());
            case AWAIT_PEER -> awaitPeer();
            case ARM_LINGER_TIMER -> armLinger();
            case HALF_CLOSE -> halfClose();
            case DISCARD_DATA -> delivers = false;
            case IGNORE_INPUT -> tls.gate().discard();
            case HOLD_INPUT -> tls.gate().holdPlaintext();
            case RELEASE_TLS -> tls.gate().afterRecord(this::releaseTls);
            case DELIVER_HELD -> deliverHeld();
            case RAISE_TRUNCATION -> context.fireExceptionCaught(new TruncationException());
            case COMPLETE -> complete();
            case CLOSE_TRANSPORT -> closeTransport();
        }
    }

    private void answerAfterRead() {
        // An application on an executor of its own has been handed the data there, and hands its writes back here.
        EventExecutor application = context.pipeline().lastContext().executor();
        if (application.inEventLoop()) {
            later(handler::answerPeer);
            return;
        }
        // It may never get there.
        timer.arm(handler.policy().deferTimeout());
        try {
            application.execute(() -> later(handler::answerPeer));
        } catch (RejectedExecutionException e) {
            later(handler::answerPeer);
        }
    }

    private void later(Runnable task) {
        EventLoopCalls.later(context, task);
    }

    private void flushData() {
        ChannelHandlerContext behind = installGuard();
        // A write from another thread was bound to the SslHandler when it was called, past a guard that was not there
        // yet. Such writes are tasks that wait behind this one, or are about to: they count as written before the
        // shutdown. BoringSSL would take one behind its close_notify for a fatal error.
        later(() -> later(() -> {
            if (machine.phase() == Phase.FLUSH && !sslContext.isRemoved()) {
                guard.flushAll(behind, reporting(behind.newPromise(), Input.DATA_FLUSHED));
                bytesPendingAtStart = UnsentBytes.of(context.channel());
            } else {
                machine.feed(Input.FLUSH_FAILED);
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
                machine.feed(Input.FLUSH_FAILED);
            }
        });
    }

    private void abandonHandshake() {
        ChannelHandlerContext behind = installGuard();
        if (engine.abandonHandshake(reporting(behind.newPromise(), Input.ALERT_FLUSHED))) {
            machine.feed(Input.ENGINE_SENT);
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
            bytesPendingAtStart = UnsentBytes.of(context.channel());
        }
    }

    private boolean awaitsTickets() {
        // Whoever reads on demand, and demands nothing, has no tickets coming.
        return !handler.policy().ticketTimeout().isZero() && engine.ticketsDue()
                && !(isOnDemand() && !context.channel().config().isAutoRead());
    }

    private void readTickets() {
        tls.gate();
        ChannelHandlerContext behind = guardContext;
        if (behind != null) {
            guard.readOn(behind);
        }
    }

    private ChannelPromise reporting(ChannelPromise promise, Input success) {
        return promise.addListener(done -> {
            if (done.isSuccess()) {
                bytesPendingAtStart = 0;
                MachineState state = machine.state();
                if (success == Input.ALERT_FLUSHED
                        || (state.send() != Send.OPEN && state.mode() != ShutdownMode.QUIET)) {
                    // Not sooner: should it be a fatal one, the SslHandler closes the channel over what is unsent.
                    tls.releaseHeldAlert();
                }
                boolean ticketsFirst = success == Input.DATA_FLUSHED && awaitsTickets();
                machine.feed(ticketsFirst ? Input.TICKETS_DUE : success);
            } else {
                note(done.cause());
                machine.feed(Input.FLUSH_FAILED);
            }
        });
    }

    private void awaitPeer() {
        tls.gate();
        countInbound();
        ChannelHandlerContext behind = guardContext;
        if (behind != null) {
            // Once more: the caller may have been in charge so far.
            guard.readOn(behind);
        }
    }

    private void countInbound() {
        countsInbound = true;
        delivers = handler.policy().inboundAfterCloseNotify() != InboundPolicy.DISCARD;
    }

    private void halfClose() {
        // The transport of TLS in TLS is the outer TLS, whose own end is not for us to bring about.
        if (!tls.isInner() && context.channel() instanceof DuplexChannel duplex && !duplex.isOutputShutdown()) {
            duplex.shutdownOutput();
        }
    }

    /** The handler is leaving before anything was begun: whoever waits is told. */
    void standDown() {
        timer.cancel();
        promises.standDown(new IllegalStateException("the TlsShutdownHandler was removed"));
    }

    private void closeTransport() {
        // Past the SslHandler, which would close the engine's outbound side first.
        ChannelHandlerContext from = sslContext.isRemoved() ? context : sslContext;
        from.close().addListener(closed -> promises.settleClosePromises());
    }

    // TLS ends, the transport lives on

    private void releaseTls() {
        if (machine.phase() != Phase.RELEASE) {
            return;
        }
        try {
            takeTlsOut();
        } catch (RuntimeException e) {
            note(e);
            machine.feed(Input.ABORT);
            return;
        }
        machine.feed(Input.TLS_RELEASED);
    }

    private void takeTlsOut() {
        ChannelPipeline pipeline = context.pipeline();
        inFrontOfTls = inFrontOf(tls.gate());
        engine.detach();
        pipeline.remove(sslContext.handler());
        ChannelHandlerContext behind = guardContext;
        if (behind != null) {
            guard.writeHeld(behind);
            pipeline.remove(guard);
        }
        transportKept = true;
    }

    private ChannelInboundInvoker inFrontOf(ChannelHandler one) {
        ChannelInboundInvoker previous = context.pipeline();
        for (Map.Entry<String, ChannelHandler> entry : context.pipeline()) {
            if (entry.getValue() == one) {
                break;
            }
            previous = context.pipeline().context(entry.getValue());
        }
        return previous;
    }

    private void deliverHeld() {
        InputGate gate = tls.gate();
        ChannelInboundInvoker inFront = inFrontOfTls == null ? context.pipeline() : inFrontOfTls;
        Channel channel = context.channel();
        boolean closes = promises.isCloseAwaited() || tls.wouldHaveClosedAtEndOfInput(machine.state().inputEnded());
        tls.restoreHalfClosure();
        if (!context.isRemoved()) {
            context.pipeline().remove(handler);
        }
        gate.deliver(inFront);
        if (closes) {
            // Asked for meanwhile: behind what was held.
            channel.close().addListener(closed -> promises.settleClosePromises());
        }
    }

    // The timer

    private void armLinger() {
        ShutdownPolicy policy = handler.policy();
        if (policy.lingerEnd() == LingerEnd.ACKNOWLEDGED && TransportAcknowledgements.canTell(context.channel())) {
            pollAcknowledgements(policy.linger().toNanos(), FIRST_ACKNOWLEDGEMENT_POLL);
        } else {
            timer.arm(policy.linger());
        }
    }

    private void pollAcknowledgements(long remaining, long interval) {
        long wait = Math.min(remaining, interval);
        timer.arm(wait, () -> {
            if (TransportAcknowledgements.complete(context.channel())) {
                machine.feed(Input.ACKNOWLEDGED);
            } else if (remaining <= wait) {
                expired();
            } else {
                pollAcknowledgements(remaining - wait, Math.min(2 * interval, LAST_ACKNOWLEDGEMENT_POLL));
            }
        });
    }

    private void expired() {
        Phase phase = machine.phase();
        ChannelHandlerContext behind = guardContext;
        if (phase == Phase.AWAIT_PEER && behind != null && !lookedAgain && !context.channel().config().isAutoRead()
                && ownsReading()) {
            // Whoever switched autoRead off meanwhile has stopped our reading, too: the alert may lie unread.
            lookedAgain = true;
            guard.readOn(behind);
            timer.arm(LAST_LOOK);
            return;
        }
        if (phase == Phase.PEER_CLOSED) {
            note(new SSLException("the application went on for " + handler.policy().deferTimeout().toMillis()
                    + " ms after the peer's close_notify"));
        } else if (phase == Phase.FLUSH || phase == Phase.SEND || phase == Phase.ABANDON) {
            note(new SSLException("not flushed within " + handler.policy().flushTimeout().toMillis() + " ms"));
        } else if (phase == Phase.AWAIT_PEER) {
            note(new SSLException("no close_notify within " + handler.policy().peerTimeout().toMillis() + " ms"));
        }
        machine.feed(Input.TIMER_EXPIRED);
    }

    // The outcome

    private void complete() {
        MachineState state = machine.state();
        ShutdownResult result = state.result() == null ? ShutdownResult.ABORTED : state.result();
        if (result.isSuccess() && handler.wantsTransportKept() && !transportKept) {
            note(new SSLException("the transport was to be kept, which this connection cannot"));
            result = ShutdownResult.ABORTED;
        }
        ShutdownOutcome known = books.close(
                state, result, bytesNotFlushed(), transportKept, tls.leaveSession(result));
        LOGGER.debug("{} {}", context.channel(), known);
        if (!transportKept) {
            guard.failHeld();
        }
        promises.complete(known);
    }

    private long bytesNotFlushed() {
        long pending = UnsentBytes.of(context.channel());
        return pending > 0 ? pending : bytesPendingAtStart;
    }
}
