package io.closenotify.dtls;

import static java.util.Objects.requireNonNull;

import io.closenotify.InboundPolicy;
import io.closenotify.PeerCloseNotifyEvent;
import io.closenotify.Protocol;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.core.Action;
import io.closenotify.core.Input;
import io.closenotify.core.MachineState;
import io.closenotify.core.Phase;
import io.closenotify.driver.MachineRunner;
import io.closenotify.driver.OutcomePromise;
import io.closenotify.driver.PhaseTimer;
import io.closenotify.driver.ShutdownBooks;
import io.closenotify.driver.ShutdownPromises;
import io.closenotify.driver.UnsentBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.net.PortUnreachableException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The end of one connection: does what the machine says and keeps the books for the outcome. Made when the end begins.
 * Event loop only.
 *
 * <p>Alerts are not retransmitted (RFC 6347, section 4.2.4): ours is sent again, the same record, on a timer while the
 * peer's is awaited, and afterwards whenever the peer shows that it has missed it.
 */
final class DtlsShutdown implements MachineRunner.Driver {

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(DtlsHandler.class);

    private final DtlsHandler handler;
    private final ChannelHandlerContext context;
    private final DtlsSettings settings;
    private final MachineRunner<?> machine;
    private final ShutdownBooks books;
    private final ShutdownPromises promises;
    private final PhaseTimer timer;
    private final LongSupplier clock;
    private final AnswerLimit lateAnswers;

    private byte @Nullable [] alert;
    private boolean refusesWrites;
    private boolean countsInbound;
    private long bytesPending;

    DtlsShutdown(DtlsHandler handler, ChannelHandlerContext context, MachineRunner<?> machine, DtlsSettings settings) {
        this.handler = handler;
        this.context = context;
        this.settings = settings;
        this.machine = machine;
        clock = settings.clock();
        books = new ShutdownBooks(Protocol.DTLS, clock);
        promises = new ShutdownPromises(context, Protocol.DTLS, settings.observer());
        lateAnswers = new AnswerLimit(clock, settings.repeatInterval().toNanos() / 2);
        timer = new PhaseTimer(context.executor(), this::expired);
    }

    // What the handler reports

    @Override
    public void note(Throwable reason) {
        books.note(reason);
    }

    void noteAlert(@Nullable String name) {
        books.noteAlert(name);
    }

    void join(OutcomePromise promise) {
        promises.join(promise);
    }

    void join(ChannelPromise closePromise) {
        promises.join(closePromise);
    }

    void standDown(Throwable cause) {
        timer.cancel();
        promises.standDown(cause);
    }

    void settleClosePromises() {
        promises.settleClosePromises();
    }

    boolean refusesWrites() {
        return refusesWrites;
    }

    /** With autoRead off nobody else reads, and the peer's close_notify would never be seen. */
    boolean ownsReading() {
        return machine.shuttingDown()
                && (handler.policy().inboundAfterCloseNotify() != InboundPolicy.ON_DEMAND
                        || machine.phase() == Phase.LINGER);
    }

    /** Books application data that arrived, and tells whether it goes to the application. */
    boolean accepts(int bytes) {
        if (!countsInbound) {
            return true;
        }
        ShutdownPolicy policy = handler.policy();
        boolean capped = books.exceedsCap(bytes, policy);
        if (policy.inboundAfterCloseNotify() != InboundPolicy.DISCARD && !capped) {
            books.delivered(bytes);
            return true;
        }
        books.discarded(bytes);
        if (capped && machine.phase() != Phase.TERMINATED) {
            note(new SSLException("more than " + policy.inboundCap() + " bytes arrived after our close_notify"));
            machine.feed(Input.CAP_EXCEEDED);
        }
        return false;
    }

    @Override
    public void phaseChanged(Phase from) {
        books.phaseEnded(from);
        promises.phaseChanged(from, machine.state());
        if (machine.phase() == Phase.TERMINATED) {
            timer.cancel();
            refusesWrites = true;
        }
    }

    /** Something came from a peer for which everything is said: our alert was lost, perhaps. */
    void answerLateRecord() {
        if (alert != null && lateAnswers.take()) {
            context.writeAndFlush(alertCopy(alert));
        }
    }

    // What the machine says

    @Override
    public void run(Action action) {
        ShutdownPolicy policy = handler.policy();
        switch (action) {
            case ANNOUNCE_PEER_CLOSE -> context.fireUserEventTriggered(new PeerCloseNotifyEvent(true));
            // The engine has seen to it that nothing can be written any more.
            case ANSWER_AFTER_READ -> handler.later(handler::answerPeer);
            case ARM_FLUSH_TIMER -> timer.arm(policy.flushTimeout());
            case FLUSH_DATA -> flushData();
            case ABANDON_HANDSHAKE -> abandonHandshake();
            case SEND_CLOSE_NOTIFY -> sendCloseNotify();
            case MARK_QUIET -> {
                // No alert was made, and so none is repeated.
            }
            case ARM_PEER_TIMER -> {
                // With the repetitions, below.
            }
            case AWAIT_PEER -> awaitPeer(policy.peerTimeout());
            case ARM_LINGER_TIMER -> timer.arm(policy.linger());
            case DISCARD_DATA, IGNORE_INPUT -> {
                if (machine.phase() == Phase.LINGER) {
                    handler.releaseConnection();
                }
            }
            case COMPLETE -> complete();
            case CLOSE_TRANSPORT -> context.close().addListener(closed -> settleClosePromises());
            case ARM_DEFER_TIMER, ARM_TICKET_TIMER, READ_TICKETS, HALF_CLOSE, HOLD_INPUT, RELEASE_TLS, DELIVER_HELD,
                    RAISE_TRUNCATION -> throw new IllegalStateException(action + " (expected: not over datagrams)");
        }
    }

    private void flushData() {
        // Writes from other threads are tasks that wait behind this one: they count as written before the shutdown.
        handler.later(() -> handler.later(() -> {
            if (machine.phase() == Phase.FLUSH) {
                context.channel().flush();
                refusesWrites = true;
                report(Unpooled.EMPTY_BUFFER, Input.DATA_FLUSHED, false);
            }
        }));
    }

    private void abandonHandshake() {
        refusesWrites = true;
        note(new SSLException("shut down before the handshake was completed"));
        Handshake handshake = handler.requireConnection().handshake();
        handshake.whenIdle(() -> {
            if (machine.phase() == Phase.ABANDON) {
                ByteBuf farewell = handler.alert();
                // The engine would answer what still comes by another alert.
                handshake.stop();
                if (farewell != null) {
                    machine.feed(Input.ENGINE_SENT);
                }
                report(farewell == null ? Unpooled.EMPTY_BUFFER : farewell, Input.ALERT_FLUSHED, true);
            }
        });
    }

    private void sendCloseNotify() {
        countsInbound = true;
        ByteBuf record = handler.alert();
        if (record == null) {
            note(new SSLException("the engine made no close_notify"));
            machine.feed(Input.FLUSH_FAILED);
            return;
        }
        alert = ByteBufUtil.getBytes(record);
        report(record, Input.ALERT_FLUSHED, true);
    }

    private void report(ByteBuf datagram, Input success, boolean again) {
        ChannelPromise promise = context.newPromise();
        promise.addListener(sent -> {
            if (sent.isSuccess()) {
                bytesPending = 0;
                machine.feed(success);
            } else if (again && sent.cause() instanceof PortUnreachableException && alert != null) {
                // The answer to an earlier datagram, and a hint only; it kept this one from being sent.
                note(sent.cause());
                report(alertCopy(alert), success, false);
            } else {
                note(sent.cause());
                machine.feed(Input.FLUSH_FAILED);
            }
        });
        bytesPending = datagram.readableBytes();
        context.writeAndFlush(datagram, promise);
        if (!promise.isDone()) {
            bytesPending = UnsentBytes.of(context.channel());
        }
    }

    private ByteBuf alertCopy(byte[] record) {
        return context.alloc().ioBuffer(record.length).writeBytes(record);
    }

    /** Repeats our alert until the peer's, or the deadline. */
    private void awaitPeer(Duration timeout) {
        countsInbound = true;
        handler.readOn();
        long now = clock.getAsLong();
        repeatAfter(settings.repeatInterval().toNanos(), timeout.isZero() ? Long.MAX_VALUE : timeout.toNanos(), now);
    }

    private void repeatAfter(long interval, long left, long from) {
        timer.arm(Math.min(interval, left), () -> {
            long passed = clock.getAsLong() - from;
            if (interval >= left || passed >= left) {
                expired();
                return;
            }
            if (alert != null) {
                books.repeated();
                context.writeAndFlush(alertCopy(alert));
            }
            repeatAfter(2 * interval, left == Long.MAX_VALUE ? left : left - passed, from + passed);
        });
    }

    private void expired() {
        ShutdownPolicy policy = handler.policy();
        switch (machine.phase()) {
            case FLUSH, SEND, ABANDON -> note(new SSLException(
                    "not flushed within " + policy.flushTimeout().toMillis() + " ms"));
            case AWAIT_PEER -> note(handler.hinted(new SSLException(
                    "no close_notify within " + policy.peerTimeout().toMillis() + " ms")));
            default -> {
                // The linger is over as it should be.
            }
        }
        machine.feed(Input.TIMER_EXPIRED);
    }

    // The outcome

    private void complete() {
        refusesWrites = true;
        MachineState state = machine.state();
        ShutdownResult result = requireNonNull(state.result());
        DtlsConnection connection = handler.connection();
        if (connection != null) {
            books.missingAtMost(connection.missingAtMost());
        }
        if (result == ShutdownResult.FATAL_ALERT) {
            // RFC 5246, section 7.2.2: nothing is sent on a failed connection.
            alert = null;
        }
        long unsent = UnsentBytes.of(context.channel());
        ShutdownOutcome outcome = books.close(state, result, unsent > 0 ? unsent : bytesPending, false,
                handler.leavesSessionResumable(result));
        LOGGER.debug("{} {}", context.channel(), outcome);
        handler.endHandshake(ClosedChannelException::new);
        promises.complete(outcome);
    }
}
