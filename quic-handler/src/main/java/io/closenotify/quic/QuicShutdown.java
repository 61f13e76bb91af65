package io.closenotify.quic;

import static java.util.Objects.requireNonNull;

import io.closenotify.WriteAfterShutdownException;
import io.closenotify.observe.ShutdownObserver;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.incubator.codec.quic.QuicResetTokenGenerator;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Carries the actions of one shutdown out: the flush, the close, their timer, the entry that lingers. Event loop only.
 *
 * <p>Whatever may make the codec send or free the connection is done in a task of its own: the codec is not reentrant,
 * and suppresses a close that comes from within its own writing.
 */
final class QuicShutdown {

    /** Timers of the codec run at the same time as ours: looked at a little later. */
    private static final long LOOK_BEHIND_TIMER_NANOS = 1_000_000;

    private static final long LONGEST_WITHOUT_LOOK_NANOS = 250_000_000;

    /** RFC 9000, section 10.2: the closing period lasts "at least three times the current PTO interval". */
    private static final int PROBE_TIMEOUTS = 3;

    private static final int PACKETS_PER_ACK = 2;

    /** A server's token that a client's Initial packets repeat; the codec's own has less. */
    private static final int LONGEST_TOKEN = 256;

    private final QuicheConnection connection;
    private final QuicLingerHandler linger;
    private final AckWatch acknowledgements;
    private final QuicShutdownPolicy policy;
    private final ShutdownObserver observer;
    private final LongSupplier clock;
    private final boolean ofRefused;
    private final Consumer<Input> inputs;

    private @Nullable ScheduledFuture<?> timer;
    private long deadline;
    private boolean hasDeadline;
    private long[] watchedKeys = {};
    private boolean flushing;
    private boolean closeAsked;
    private boolean closedByCodec;
    private boolean closeIssued;
    private boolean resent;
    private byte[] peerId = {};
    private @Nullable InetSocketAddress peer;
    private @Nullable QuicConnectionClose sentClose;
    private byte @Nullable [] datagram;
    private @Nullable Throwable writeFailure;
    private @Nullable LingerEntry entry;
    private long handshakeGrace;
    private boolean refusing;
    private boolean peerClosed;
    private boolean writesEnded;
    private boolean finished;
    private long lastPending = -1;
    private long lastUnacknowledged = -1;
    private boolean noted;
    private long unacknowledgedAtEnd;

    QuicShutdown(QuicheConnection connection, QuicLingerHandler linger, AckWatch acknowledgements,
            QuicShutdownPolicy policy, boolean ofRefused, ShutdownObserver observer, LongSupplier clock,
            Consumer<Input> inputs) {
        this.connection = connection;
        this.linger = linger;
        this.acknowledgements = acknowledgements;
        this.policy = policy;
        this.ofRefused = ofRefused;
        this.observer = observer;
        this.clock = clock;
        this.inputs = inputs;
    }

    /** What our CONNECTION_CLOSE says, once it was handed to the codec. */
    @Nullable QuicConnectionClose sentClose() {
        return sentClose;
    }

    @Nullable Throwable writeFailure() {
        return writeFailure;
    }

    byte[] peerId() {
        return peerId;
    }

    /** Lets writes and new streams fail: SSL_shutdown_ex's "shutting down". */
    void refuseWrites() {
        // What was written between the two is not known.
        writesEnded |= !peerClosed;
        if (refusing) {
            return;
        }
        refusing = true;
        connection.channel().pipeline().addFirst(new WriteGuard());
        for (QuicStreamChannel stream : connection.streams()) {
            stream.pipeline().addFirst(new WriteGuard());
        }
        connection.refuseNewStreams();
    }

    void arm(Duration timeout) {
        hasDeadline = !timeout.isZero();
        deadline = clock.getAsLong() + timeout.toNanos();
        schedule(LONGEST_WITHOUT_LOOK_NANOS);
    }

    /** Waits until everything is acknowledged. */
    void flush() {
        execute(() -> {
            if (!flushing && !closeAsked && !closedByCodec && connection.exists()) {
                flushing = true;
                watch();
                // What was written without a flush goes out too.
                acknowledgements.sendAll();
                look();
            }
        });
    }

    private void watch() {
        if (!finished && watchedKeys.length == 0 && connection.exists()) {
            watchedKeys = linger.keysOf(connection);
            linger.watch(this, watchedKeys);
        }
    }

    /** Something may have changed: datagrams were handled, or a timer of the codec has run. */
    void look() {
        look(false);
    }

    /** A batch of datagrams of the connection was handled. */
    void lookBehindBatch() {
        look(true);
    }

    private void look(boolean behindBatch) {
        if (closeAsked) {
            issueClose();
        } else if (flushing) {
            if (isFlushed(behindBatch)) {
                flushing = false;
                inputs.accept(Input.FLUSHED);
            } else if (connection.hasStrandedWrites()) {
                // The application's shutdownOutput() overtook its own writes: no waiting will bring them out.
                inputs.accept(Input.SKIP_FLUSH);
            } else if (acknowledgements.hasLossesToSendAgain()) {
                execute(this::sendAllAndLook);
            } else {
                takeStock();
                lookAgain();
            }
        }
    }

    private boolean isFlushed(boolean behindBatch) {
        // Without any stream only leftovers of the handshake can be in flight.
        return !connection.hadStreams() || (connection.queuedBytes() == 0
                && acknowledgements.nothingInFlight(clock.getAsLong(), behindBatch));
    }

    private void sendAllAndLook() {
        if (flushing) {
            acknowledgements.sendAll();
            if (acknowledgements.hasLossesToSendAgain()) {
                lookAgain();
            } else {
                look();
            }
        }
    }

    private void lookAgain() {
        long next = connection.timeoutNanos();
        schedule(next < 0 ? LONGEST_WITHOUT_LOOK_NANOS : next + LOOK_BEHIND_TIMER_NANOS);
    }

    private void schedule(long nanos) {
        if (timer != null) {
            timer.cancel(false);
        }
        long delay = Math.min(nanos, LONGEST_WITHOUT_LOOK_NANOS);
        if (hasDeadline) {
            delay = Math.min(delay, deadline - clock.getAsLong());
        }
        timer = connection.channel().eventLoop().schedule(this::timerExpired, Math.max(0, delay), TimeUnit.NANOSECONDS);
    }

    private void timerExpired() {
        timer = null;
        if (hasDeadline && deadline - clock.getAsLong() <= 0) {
            boolean flushedAtLast = flushing && isFlushed(false);
            flushing = false;
            inputs.accept(flushedAtLast ? Input.FLUSHED : Input.TIMER_EXPIRED);
        } else if (isPending()) {
            look();
            if (timer == null && isPending()) {
                lookAgain();
            }
        } else if (hasDeadline) {
            schedule(deadline - clock.getAsLong());
        }
    }

    /** Whether the flush, or a close that could not be handed to the codec yet, has to be looked after. */
    private boolean isPending() {
        return flushing || (closeAsked && !closeIssued);
    }

    /** The peer's close was read. What is written from now on, quiche would take and never send. */
    void peerCloses() {
        peerClosed = true;
        acknowledgements.ended();
        refuseWrites();
    }

    /**
     * What is certainly pending at the peer's close. Zero means: nothing is, or what is may only not be acknowledged
     * yet, or it is not known; see {@link #bytesUnacknowledged} for the difference.
     */
    long bytesPending() {
        if (noted && unacknowledgedAtEnd == 0) {
            return 0;
        }
        takeStock();
        return Math.max(0, lastPending);
    }

    /** The flush, if there was one, is over: notes what is open, once. */
    void noteUnacknowledged() {
        if (!noted) {
            noted = true;
            takeStock();
            unacknowledgedAtEnd = lastUnacknowledged;
        }
    }

    /**
     * About how many bytes were not acknowledged when that was noted: zero only if all were known to be, or no stream
     * was ever there to write on; negative if nothing is known.
     */
    long bytesUnacknowledged() {
        noteUnacknowledged();
        return unacknowledgedAtEnd;
    }

    private void takeStock() {
        if (!connection.exists()) {
            if (acknowledgements.nothingWasInFlight()) {
                lastPending = 0;
                lastUnacknowledged = 0;
            }
            return;
        }
        long queued = connection.queuedBytes();
        boolean inFlight = connection.hadStreams() && !acknowledgements.nothingWasInFlight();
        long estimate = inFlight ? connection.inFlightEstimate() : 0;
        // RFC 9000 13.2.2: a receiver may acknowledge every second packet only, and is free to close before it does.
        boolean much = estimate > (long) PACKETS_PER_ACK * connection.maxUdpPayload();
        // Besides, more may be open that quiche counts nowhere: taken and not sent, or lost and not yet sent.
        boolean known = !inFlight || much || (writesEnded && estimate > 0 && !connection.hasLostPackets());
        lastPending = queued + (much ? estimate : 0);
        lastUnacknowledged = known ? queued + estimate : queued > 0 ? queued : QuicheConnection.UNKNOWN;
        if (writesEnded && inFlight) {
            // While we flush the timer counts: something is in flight, whatever the windows say.
            lastUnacknowledged = Math.max(1, lastUnacknowledged);
        }
    }

    /**
     * Sends the CONNECTION_CLOSE.
     *
     * @param handshakeGrace until when the last packet of a client's handshake may still be on its way: the peer could
     *     not read a close of the application before it
     */
    void sendClose(long handshakeGrace) {
        flushing = false;
        // The grace must not use the time up that the close itself has.
        long latest = clock.getAsLong() + policy.closeTimeout().toNanos() / 2;
        this.handshakeGrace = hasDeadline && handshakeGrace - latest > 0 ? latest : handshakeGrace;
        execute(() -> {
            if (!closedByCodec) {
                closeAsked = true;
                watch();
                issueClose();
            }
        });
    }

    /**
     * quiche closes by itself, over what it has just read: an error of the peer's. It sends that close once and answers
     * nothing then, so that it is answered for like ours.
     */
    void codecCloses() {
        InetSocketAddress address = closeIssued ? null : connection.sendToActivePath();
        if (address != null) {
            closeIssued = true;
            closedByCodec = true;
            flushing = false;
            // What comes from now on is for the entry.
            linger.unwatch(this, watchedKeys);
            peer = address;
            peerId = connection.destinationId();
            linger.expectClose(this, address);
        }
    }

    /** Whether all that is left is to wait for quiche to end the connection. */
    boolean isClosedByCodec() {
        return closedByCodec;
    }

    private void issueClose() {
        if (closeIssued || !connection.exists()) {
            return;
        }
        long now = clock.getAsLong();
        if (connection.packetsReceived() == 0
                || (handshakeGrace - now > 0 && !acknowledgements.nothingInFlight(now))) {
            // quiche sends no close before a packet of the peer was read, and a server can read no close of the
            // application before it has the client's last packet of the handshake.
            lookAgain();
            return;
        }
        InetSocketAddress address = connection.sendToActivePath();
        if (address == null) {
            return;
        }
        closeIssued = true;
        acknowledgements.sendAll();
        if (!connection.exists()) {
            return;
        }
        acknowledgements.nothingInFlight(clock.getAsLong());
        noteUnacknowledged();
        peer = address;
        peerId = connection.destinationId();
        linger.expectClose(this, address);
        QuicConnectionClose visible = visible(policy.close());
        byte[] reason = ReasonPhrase.encode(visible.reason(), longestReason(visible));
        sentClose = new QuicConnectionClose(visible.application(), visible.errorCode(), true,
                new String(reason, StandardCharsets.UTF_8));
        connection.close(policy.close().application(), policy.close().errorCode(), reason);
        connection.pump();
        schedule(LONGEST_WITHOUT_LOOK_NANOS);
    }

    /** What the peer gets to see. */
    private QuicConnectionClose visible(QuicConnectionClose wanted) {
        // RFC 9000 10.2.3: in Initial and Handshake packets 0x1d is replaced by 0x1c, "clearing the Reason Phrase".
        return wanted.application() && !connection.isEstablished()
                ? QuicConnectionClose.transport(QuicConnectionClose.APPLICATION_ERROR, "")
                : wanted;
    }

    /** quiche sends no close at all if the reason does not fit. One of QUIC itself may yet go out in the handshake. */
    private int longestReason(QuicConnectionClose close) {
        int payload = connection.maxUdpPayload();
        return close.application()
                ? ReasonPhrase.maxBytes(payload, peerId.length, close)
                : ReasonPhrase.maxBytesInHandshake(
                        payload, peerId.length, connection.sourceIdLength(), LONGEST_TOKEN, close);
    }

    /**
     * A datagram that ends with the CONNECTION_CLOSE was handed to the socket. Called within the codec's writing.
     *
     * @param bytes the datagram
     * @param failure why the socket did not take it, or {@code null} if it did
     */
    void closeSent(byte[] bytes, @Nullable Throwable failure) {
        if (closedByCodec) {
            codecCloseSent(bytes);
            return;
        }
        execute(() -> {
            datagram = alone(bytes);
            if (failure == null) {
                writeFailure = null;
                inputs.accept(Input.CLOSE_WRITTEN);
                return;
            }
            writeFailure = failure;
            if (resent || peer == null) {
                inputs.accept(Input.CLOSE_FAILED);
                return;
            }
            // A connected UDP socket reports an earlier ICMP error by failing the next send: once more.
            resent = true;
            linger.send(bytes, peer).addListener(written -> closeSent(bytes, written.cause()));
        });
    }

    /** The last datagram of a turn: nothing follows a close. */
    private void codecCloseSent(byte[] bytes) {
        boolean first = datagram == null;
        datagram = bytes;
        if (first) {
            execute(() -> {
                linger.forgetClose(this, requireNonNull(peer));
                linger(true);
            });
        }
    }

    /**
     * quiche drops what is coalesced behind a packet that it cannot decrypt, such as one of the handshake once the
     * handshake is confirmed: the close is sent alone as well, and lingers alone.
     */
    private byte[] alone(byte[] bytes) {
        int index = CloseFrameReader.shortHeaderIndex(bytes);
        if (index == 0 || peer == null) {
            return bytes;
        }
        byte[] close = Arrays.copyOfRange(bytes, index, bytes.length);
        linger.send(close, peer);
        return close;
    }

    /** Leaves the entry that answers for the connection. */
    void linger(boolean answering) {
        if (datagram == null || peer == null) {
            return;
        }
        long now = clock.getAsLong();
        // quiche's own draining timer has run from the sending of the frame; it leaves max_ack_delay out.
        long period = Math.max(0, connection.timeoutNanos()) + PROBE_TIMEOUTS * connection.maxAckDelayNanos();
        QuicResetTokenGenerator resets = policy.statelessReset().isZero() ? null : connection.resetTokens();
        entry = new LingerEntry(peer, datagram, linger.keysOf(connection), answering, now + period, resets,
                now + period + policy.statelessReset().toNanos());
        if (answering) {
            // A whole probe timeout apart, the last of three would be due when the period is over.
            entry.scheduleCopies(policy.extraCopies(), period / (QuicShutdownPolicy.MAX_EXTRA_COPIES + 1), now);
        }
        if (ofRefused) {
            entry.ofRefused();
        }
        entry.observedBy(observer);
        linger.linger(entry);
    }

    void strengthen() {
        if (entry != null) {
            entry.answerFromNowOn();
        }
    }

    private void execute(Runnable task) {
        connection.channel().eventLoop().execute(task);
    }

    /** Lets go of everything but the entry. */
    void finish() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        hasDeadline = false;
        flushing = false;
        closeIssued = true;
        finished = true;
        linger.unwatch(this, watchedKeys);
        if (peer != null) {
            linger.forgetClose(this, peer);
        }
    }

    /** Refuses what is written from now on, on a connection or a stream, and guards streams of the peer that come. */
    private static final class WriteGuard extends ChannelDuplexHandler {

        @Override
        public void channelRead(ChannelHandlerContext own, Object message) {
            if (message instanceof QuicStreamChannel stream) {
                stream.pipeline().addFirst(new WriteGuard());
            }
            own.fireChannelRead(message);
        }

        @Override
        public void write(ChannelHandlerContext own, Object message, ChannelPromise promise) {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new WriteAfterShutdownException());
        }
    }
}
