package io.closenotify.dtls;

import static java.util.Objects.requireNonNull;

import io.closenotify.dtls.DtlsEngine.Unwrapped;
import io.closenotify.dtls.DtlsEngine.Wrapped;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.ReferenceCountUtil;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The records of one connection, between the engine and the network. What is forged, doubled, of another epoch or too
 * long does not reach the engine, which would deliver it, keep it, or die of it. Event loop only.
 */
final class DtlsConnection {

    private final DtlsHandler handler;
    private final ChannelHandlerContext context;
    private final DtlsEngine engine;
    private final HeldAlerts heldAlerts;
    private @Nullable ByteBuf farewell;
    private @Nullable Handshake handshake;
    private @Nullable ReplayWindow window;
    private @Nullable FinalFlight finalFlight;
    private long missingAtMost = -1;

    DtlsConnection(DtlsHandler handler, ChannelHandlerContext context, SSLEngine sslEngine, DtlsSettings settings)
            throws SSLException {
        this.handler = handler;
        this.context = context;
        engine = new DtlsEngine(sslEngine, settings.mtu());
        handshake = new Handshake(handler, context, engine, settings);
        heldAlerts = new HeldAlerts(this, context, settings.reorderGrace());
    }

    /** As long as it is not completed. */
    Handshake handshake() {
        return requireNonNull(handshake);
    }

    void handshakeCompleted(ReplayWindow newWindow, @Nullable FinalFlight ours) {
        handshake = null;
        window = newWindow;
        finalFlight = ours;
    }

    // What comes from the peer

    /** Takes a datagram, which stays the caller's. What is behind something that is no record is not read. */
    void read(ByteBuf datagram) {
        int index = datagram.readerIndex();
        int length = DtlsRecord.length(datagram, index);
        while (length > 0 && isCurrent()) {
            if (length <= engine.largestRecord()) {
                readRecord(length == datagram.readableBytes() ? datagram : datagram.slice(index, length));
            }
            index += length;
            length = DtlsRecord.length(datagram, index);
        }
    }

    void readRecord(ByteBuf record) {
        ReplayWindow current = window;
        if (current == null) {
            handshake().read(record);
        } else if (DtlsRecord.epoch(record) == 1) {
            readProtected(record, current);
        } else if (DtlsRecord.epoch(record) == 0
                && DtlsRecord.handshakeType(record) != DtlsRecord.CLIENT_HELLO) {
            repeatFinalFlight(DtlsRecord.type(record));
        }
    }

    private void readProtected(ByteBuf record, ReplayWindow current) {
        switch (DtlsRecord.type(record)) {
            case DtlsRecord.APPLICATION_DATA -> {
                if (current.accepts(DtlsRecord.sequence(record))) {
                    decrypt(record);
                    heldAlerts.recordArrived();
                }
            }
            case DtlsRecord.ALERT -> {
                if (current.accepts(DtlsRecord.sequence(record))) {
                    heldAlerts.hold(record);
                }
            }
            // A repetition. Nobody is let begin a new handshake inside the connection.
            default -> {
                current.sawHandshake(DtlsRecord.sequence(record));
                repeatFinalFlight(DtlsRecord.type(record));
            }
        }
    }

    private void repeatFinalFlight(int type) {
        FinalFlight ours = finalFlight;
        if (ours != null && (type == DtlsRecord.HANDSHAKE || type == DtlsRecord.CHANGE_CIPHER_SPEC)) {
            ours.answer(context);
        }
    }

    /** Feeds a record to the engine; the application gets what it held. */
    void decrypt(ByteBuf record) {
        ReplayWindow current = requireNonNull(window);
        Unwrapped unwrapped;
        try {
            unwrapped = engine.unwrap(context.alloc(), record);
        } catch (SSLException e) {
            handler.engineFailed(e);
            return;
        }
        if (!unwrapped.isAuthentic()) {
            ReferenceCountUtil.release(unwrapped.data());
            return;
        }
        long sequence = DtlsRecord.sequence(record);
        boolean closed = engine.sslEngine().isInboundDone();
        if (closed) {
            missingAtMost = current.missingBefore(sequence);
        }
        current.add(sequence);
        // Nothing comes under the new keys from a peer that lacks our last flight.
        finalFlight = null;
        if (unwrapped.data() != null) {
            handler.received(unwrapped.data());
        }
        if (closed) {
            handler.peerClosed();
        }
    }

    /** Whether records that were sent before this one may still come. */
    boolean lacksBefore(ByteBuf record) {
        return requireNonNull(window).mayLackBefore(DtlsRecord.sequence(record));
    }

    /** Whether it has not been let go of. */
    boolean isCurrent() {
        return handler.reads(this);
    }

    /** The application has handled what was read. */
    void readHandled() {
        heldAlerts.release();
    }

    boolean holdsAlert() {
        return !heldAlerts.isEmpty();
    }

    /** How many records from before the peer's close_notify never came, at most; -1 if that did not come. */
    long missingAtMost() {
        return missingAtMost;
    }

    // What we send

    /**
     * Encrypts a message into one record.
     *
     * @throws SSLException if the engine does not take it, or not whole
     */
    ByteBuf encrypt(ByteBuf message) throws SSLException {
        int length = message.readableBytes();
        Wrapped wrapped = engine.wrap(context.alloc(), message.nioBuffer());
        ByteBuf record = wrapped.record();
        if (record != null && wrapped.result().bytesConsumed() == length) {
            return record;
        }
        if (record != null && wrapped.result().bytesConsumed() == 0 && farewell == null) {
            // Behind the peer's close_notify the engine makes its answer of whatever it is called for.
            farewell = record;
        } else {
            ReferenceCountUtil.release(record);
        }
        throw new SSLException("message of " + length + " bytes not sent: " + wrapped.result());
    }

    /** Returns what the engine has to say at its end: close_notify, or a fatal alert; {@code null} if nothing. */
    @Nullable ByteBuf alert() throws SSLException {
        engine.sslEngine().closeOutbound();
        ByteBuf made = farewell;
        if (made != null) {
            farewell = null;
            return made;
        }
        ByteBuf record = engine.wrap(context.alloc()).record();
        if (record != null && DtlsRecord.isUserCanceled(record)) {
            // RFC 5246, section 7.2.2: to be followed by a close_notify. The engine makes one, and closes before it.
            int length = record.readableBytes();
            ByteBuf closeNotify = record.copy();
            closeNotify.setInt(7, (int) DtlsRecord.sequence(record) + 1).setByte(length - 1, 0);
            record.writeBytes(closeNotify);
            closeNotify.release();
        }
        return record;
    }

    int largestMessage() {
        return engine.largestMessage();
    }

    /** Lets go of all that is kept. */
    void release() {
        if (handshake != null) {
            handshake.stop();
        }
        heldAlerts.clear();
        ReferenceCountUtil.release(farewell);
        farewell = null;
    }
}
