package io.closenotify.dtls;

import io.closenotify.dtls.DtlsEngine.Unwrapped;
import io.closenotify.dtls.DtlsEngine.Wrapped;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * The handshake of one connection: flights and their repetition (RFC 6347, section 4.2.4), the engine's tasks, and what
 * must be kept from the engine or for it. Event loop only; the engine is not touched while one of its tasks runs.
 */
final class Handshake {

    static final Duration MAX_RETRANSMIT_TIMEOUT = Duration.ofSeconds(60);

    private static final int MOST_WAITING = 64;
    private static final int MOST_EARLY = 16;
    private static final int MOST_ANSWERS = 32;
    private static final long FINAL_FLIGHT_INTERVAL = TimeUnit.MILLISECONDS.toNanos(100);

    private final DtlsHandler handler;
    private final ChannelHandlerContext context;
    private final DtlsEngine engine;
    private final DtlsSettings settings;
    private final @Nullable TicketGuard guard;
    private final HandshakeFilter filter;
    private final Queue<ByteBuf> waiting = new ArrayDeque<>(4);
    private final Queue<ByteBuf> early = new ArrayDeque<>(4);
    private long lastOfPeer;
    private long finishedSeen;
    private boolean helloSplit;
    private int lastMessage = -1;
    private int answers;
    private boolean finishedSent;
    private boolean taskRuns;
    private boolean over;
    private @Nullable Runnable afterTask;
    private @Nullable ByteBuf alert;
    private @Nullable Future<?> alertTimer;
    private long retransmitNanos;
    private @Nullable Future<?> retransmitTimer;
    private @Nullable Future<?> deadline;

    Handshake(DtlsHandler handler, ChannelHandlerContext context, DtlsEngine engine, DtlsSettings settings) {
        this.handler = handler;
        this.context = context;
        this.engine = engine;
        this.settings = settings;
        boolean ofClient = engine.sslEngine().getUseClientMode();
        guard = ofClient ? new TicketGuard() : null;
        filter = new HandshakeFilter(ofClient);
    }

    void start() {
        Duration timeout = settings.handshakeTimeout();
        if (!timeout.isZero()) {
            deadline = context.executor().schedule(() -> timeOut(timeout), timeout.toNanos(), TimeUnit.NANOSECONDS);
        }
        advance();
    }

    // What comes from the peer

    /** Takes a record, which stays the caller's. */
    void read(ByteBuf record) {
        int type = DtlsRecord.type(record);
        int epoch = DtlsRecord.epoch(record);
        if (over || epoch > 1) {
            return;
        }
        if (type == DtlsRecord.APPLICATION_DATA || type == DtlsRecord.ALERT) {
            if (epoch == 1) {
                // It overtook the peer's Finished, without which the engine takes it for an attack.
                keep(record, early, MOST_EARLY);
            } else if (type == DtlsRecord.ALERT && HandshakeFilter.ends(record)) {
                hold(record);
            }
            return;
        }
        if (!filter.passes(record)) {
            return;
        }
        if (epoch == 1) {
            finishedSeen = ReplayWindow.with(DtlsRecord.sequence(record), finishedSeen);
        }
        boolean endsFlight = epoch == 1 || type == DtlsRecord.CHANGE_CIPHER_SPEC;
        if (endsFlight) {
            if (guard != null ? !guard.isSatisfied() : !filter.keysExchanged() && !finishedSent) {
                return;
            }
        } else if (guard != null) {
            guard.pass(record);
        }
        if (taskRuns) {
            keep(record, waiting, MOST_WAITING);
        } else {
            feed(record);
        }
    }

    private static void keep(ByteBuf record, Queue<ByteBuf> queue, int most) {
        if (queue.size() < most) {
            queue.add(record.copy());
        }
    }

    /**
     * Holds an alert in plaintext, which anyone could have sent, until it is clear that the peer has nothing else to
     * say: who has ended the handshake does not answer our flight.
     */
    private void hold(ByteBuf record) {
        if (alert == null && retransmitTimer != null) {
            alert = Unpooled.copiedBuffer(record);
            // A server that has given up would take a ClientHello that is sent again for a new attempt.
            cancel(retransmitTimer);
            armAlertTimer();
        }
    }

    private void armAlertTimer() {
        alertTimer = context.executor().schedule(
                this::believeAlert, settings.retransmitTimeout().toNanos(), TimeUnit.NANOSECONDS);
    }

    private void believeAlert() {
        ByteBuf held = alert;
        if (over || held == null) {
            return;
        }
        if (taskRuns) {
            armAlertTimer();
        } else if (HandshakeFilter.isCloseNotify(held)) {
            stop();
            handler.peerClosed();
        } else {
            feed(held);
        }
    }

    private void dropAlert() {
        alert = null;
        cancel(alertTimer);
    }

    private void feed(ByteBuf record) {
        try {
            done(engine.unwrap(context.alloc(), record));
        } catch (SSLException e) {
            fail(e);
        }
        advance();
    }

    /** Whether that was the end of the handshake. */
    private void done(Unwrapped unwrapped) {
        ReferenceCountUtil.release(unwrapped.data());
        lastOfPeer = Math.max(lastOfPeer, unwrapped.sequenceIn(1));
        if (unwrapped.result().getHandshakeStatus() == HandshakeStatus.FINISHED) {
            complete(null);
        }
    }

    // What the engine wants

    private void advance() {
        try {
            while (!over && !taskRuns) {
                if (engine.sslEngine().isInboundDone()) {
                    // A task has failed, which the next call throws.
                    engine.unwrap(context.alloc(), null);
                    fail(new SSLHandshakeException("the engine has ended the handshake"));
                    return;
                }
                switch (engine.status()) {
                    case NEED_WRAP -> {
                        if (!sendFlight(true)) {
                            return;
                        }
                    }
                    case NEED_UNWRAP_AGAIN -> done(engine.unwrap(context.alloc(), null));
                    case NEED_TASK -> runTasks();
                    default -> {
                        return;
                    }
                }
            }
        } catch (SSLException e) {
            fail(e);
        }
    }

    /** Sends all that the engine has, if anything; asked for while the peer is awaited, it is the last flight again. */
    private boolean sendFlight(boolean isNew) throws SSLException {
        if (isNew) {
            dropAlert();
        }
        if (guard != null && guard.awaitsHello()) {
            // A server that keeps nothing of whom it does not know, as ours, takes no ClientHello in pieces. But the
            // engine halves its records with every third repetition: a peer's before, a timer's during the next wrap.
            engine.limitRecords(isNew || helloSplit ? settings.mtu() : 2 * settings.mtu());
        }
        Flight first = null;
        Flight flight = new Flight(settings.mtu());
        boolean asksForCookie = false;
        HandshakeStatus status;
        do {
            Wrapped wrapped = engine.wrap(context.alloc());
            status = wrapped.result().getHandshakeStatus();
            ByteBuf record = wrapped.record();
            if (record == null) {
                break;
            }
            boolean finished = DtlsRecord.epoch(record) == 1 && DtlsRecord.type(record) == DtlsRecord.HANDSHAKE;
            finishedSent |= finished;
            asksForCookie = DtlsRecord.handshakeType(record) == DtlsRecord.HELLO_VERIFY_REQUEST;
            flight.add(record);
            if (finished && status == HandshakeStatus.NEED_WRAP && first == null) {
                // The engine makes the last flight twice. Only one is sent, the second, since every record of an epoch
                // before its Finished is a Finished, too: nobody will miss it.
                first = flight;
                flight = new Flight(settings.mtu());
            }
        } while (status == HandshakeStatus.NEED_WRAP);
        if (guard != null && guard.awaitsHello() && flight.splitsFirstMessage()) {
            helloSplit = true;
            if (handler.startAfresh()) {
                return true;
            }
        }
        if (isNew && !mayAnswer(flight)) {
            return true;
        }
        flight.send(context);
        if (status == HandshakeStatus.FINISHED) {
            complete(first);
        } else if (!flight.isEmpty() && !asksForCookie) {
            // RFC 6347, section 4.2.1: a HelloVerifyRequest is never repeated by a timer.
            armRetransmission(isNew ? settings.retransmitTimeout().toNanos()
                    : Math.min(2 * retransmitNanos, MAX_RETRANSMIT_TIMEOUT.toNanos()));
        }
        return !flight.isEmpty();
    }

    /** The engine answers each repetition of the peer's flight by ours, and anyone can repeat what he has seen. */
    private boolean mayAnswer(Flight flight) {
        int message = flight.firstMessage();
        answers = message >= 0 && message == lastMessage ? answers + 1 : 0;
        lastMessage = message;
        return answers <= MOST_ANSWERS;
    }

    private void armRetransmission(long nanos) {
        cancel(retransmitTimer);
        retransmitNanos = nanos;
        retransmitTimer = context.executor().schedule(this::retransmit, nanos, TimeUnit.NANOSECONDS);
    }

    private void retransmit() {
        if (over) {
            return;
        }
        if (taskRuns) {
            // The answer has come; it is being worked on.
            armRetransmission(retransmitNanos);
            return;
        }
        try {
            if (engine.status() == HandshakeStatus.NEED_UNWRAP) {
                sendFlight(false);
            }
        } catch (SSLException e) {
            fail(e);
        }
        advance();
    }

    private void runTasks() {
        taskRuns = true;
        try {
            settings.taskExecutor().execute(() -> {
                try {
                    SSLEngine sslEngine = engine.sslEngine();
                    for (Runnable task = sslEngine.getDelegatedTask(); task != null;
                            task = sslEngine.getDelegatedTask()) {
                        task.run();
                    }
                } finally {
                    handler.later(this::tasksRan);
                }
            });
        } catch (RejectedExecutionException e) {
            taskRuns = false;
            fail(e);
        }
    }

    private void tasksRan() {
        taskRuns = false;
        Runnable next = afterTask;
        if (next != null) {
            next.run();
        }
        advance();
        while (!taskRuns && !waiting.isEmpty()) {
            ByteBuf record = waiting.remove();
            try {
                if (over) {
                    handler.readRecord(record);
                } else {
                    feed(record);
                }
            } finally {
                record.release();
            }
        }
    }

    /** Whether the engine may be touched: its lock is held while a task of its own runs. */
    boolean isIdle() {
        return !taskRuns;
    }

    /** Runs a task that touches the engine, once nothing else does. */
    void whenIdle(Runnable task) {
        if (taskRuns) {
            afterTask = task;
        } else {
            task.run();
        }
    }

    // The end

    private void complete(@Nullable Flight kept) {
        over = true;
        cancelTimers();
        engine.handshakeCompleted();
        handler.handshakeCompleted(new ReplayWindow(lastOfPeer, finishedSeen), kept == null ? null : new FinalFlight(
                kept, settings.clock(), Math.min(FINAL_FLIGHT_INTERVAL, settings.retransmitTimeout().toNanos() / 2)));
        for (ByteBuf record = early.poll(); record != null; record = early.poll()) {
            try {
                handler.readRecord(record);
            } finally {
                record.release();
            }
        }
    }

    private void timeOut(Duration timeout) {
        if (!over) {
            stop();
            handler.handshakeTimedOut(new SSLHandshakeException(
                    "handshake not completed within " + timeout.toMillis() + " ms"));
        }
    }

    private void fail(Exception cause) {
        if (!over) {
            stop();
            handler.handshakeFailed(cause);
        }
    }

    /** Gives up, without a word. */
    void stop() {
        over = true;
        cancelTimers();
        release(early);
        release(waiting);
    }

    private void cancelTimers() {
        cancel(retransmitTimer);
        cancel(deadline);
        dropAlert();
    }

    private static void release(Queue<ByteBuf> records) {
        records.forEach(ReferenceCountUtil::release);
        records.clear();
    }

    private static void cancel(@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
