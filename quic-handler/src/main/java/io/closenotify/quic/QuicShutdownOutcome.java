package io.closenotify.quic;

import io.closenotify.ConnectionOutcome;
import io.closenotify.Protocol;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownResult;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Everything there is to say about the end of one QUIC connection. Delivered exactly once: by the
 * {@link QuicShutdownFuture}, as a user event through the pipeline of the {@code QuicChannel} and, at debug level, in
 * the log.
 *
 * <p>The results of QUIC are {@link ShutdownResult#CLEAN} (everything written was acknowledged, or nothing was to be
 * flushed, and our CONNECTION_CLOSE is on the wire with the closing period behind it; or the peer closed while nothing
 * of ours was pending), {@link ShutdownResult#UNIDIRECTIONAL} (the same for a rapid close),
 * {@link ShutdownResult#FLUSH_FAILED} (data was not acknowledged in time, or the CONNECTION_CLOSE could not be sent),
 * {@link ShutdownResult#RESET} (the connection ended without a close and without a timeout: a stateless reset, or the
 * UDP channel was closed underneath), {@link ShutdownResult#PEER_SILENT} (idle timeout, or the peer did not close in
 * time) and {@link ShutdownResult#ABORTED} (before the handshake was done, forced by the caller, or an error of the
 * protocol).
 *
 * @param result what became of it
 * @param initiator who ended the connection first; {@link ShutdownInitiator#TRANSPORT} for an idle timeout, a stateless
 *     reset and the end of the UDP channel
 * @param mode the mode that was in force at the end, after any strengthening
 * @param delivery how far the news of the end is known to have come
 * @param close the CONNECTION_CLOSE that ended the connection, as it was sent (reason cut, application code hidden
 *     during the handshake) or received; {@code null} if there was none
 * @param remote whether {@code close} is the peer's
 * @param bytesUnacknowledged about how many bytes written on streams are not known to be acknowledged: what the codec
 *     had not taken, and an estimate of what is in flight. Zero if all is known to be acknowledged, or there was never
 *     a stream to write on. With {@link StreamFlush#NONE} nothing was waited for, and it is what was open when the
 *     close was sent. Negative if it is not known: the connection was lost before any shutdown, or the peer closed
 *     first while flow control, packets lost before, or data that the codec had taken and not sent hid what was still
 *     to arrive. A peer that closes first may leave the last two packets unacknowledged (RFC 9000, section 13.2.2): no
 *     more than these, or not knowing, does not spoil the result
 * @param flushTime from the start of the shutdown until all was acknowledged or that was given up
 * @param closeTime from then until the CONNECTION_CLOSE was on the wire, or the peer's arrived, or that was given up
 * @param cause what went wrong underneath, or {@code null}
 */
public record QuicShutdownOutcome(
        ShutdownResult result,
        ShutdownInitiator initiator,
        QuicShutdownMode mode,
        QuicCloseDelivery delivery,
        @Nullable QuicConnectionClose close,
        boolean remote,
        long bytesUnacknowledged,
        Duration flushTime,
        Duration closeTime,
        @Nullable Throwable cause) implements ConnectionOutcome {

    @Override
    public Protocol protocol() {
        return Protocol.QUIC;
    }

    @Override
    public Duration elapsed() {
        return flushTime.plus(closeTime);
    }
}
