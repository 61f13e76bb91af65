package io.closenotify;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Everything there is to say about the end of one connection. Delivered exactly once: by the {@link ShutdownFuture}, as
 * a user event through the pipeline and, at debug level, in the log.
 *
 * @param protocol what secured the connection: TLS or DTLS
 * @param result what became of it
 * @param initiator who ended the connection first
 * @param mode the mode that was in force at the end, after any hastening or strengthening
 * @param closeNotifySent whether sending our close_notify was attempted, or counts as done ({@link ShutdownMode#QUIET})
 * @param closeNotifyReceived whether the peer's close_notify arrived, or counts as arrived ({@link ShutdownMode#QUIET})
 * @param lastAlert the name of the last alert received, or of the fatal one sent, such as {@code close_notify} or
 *     {@code bad_record_mac}; {@code null} if there was none or the engine does not say. For people: nothing is decided
 *     by it
 * @param bytesDelivered bytes of application data that arrived after our close_notify and went to the application
 * @param bytesDiscarded bytes of application data that arrived after our close_notify and were released
 * @param bytesNotFlushed bytes, TLS framing included, written before the shutdown that the kernel never took, our
 *     close_notify among them; when a write failed under the shutdown, what was pending as it began (an upper bound).
 *     Data that the handshake never let through is not counted: its write promises fail
 * @param flushTime from the start of the shutdown until our close_notify had reached the kernel or that was given up
 * @param peerTime from then until the peer's close_notify, its deadline, or the end of input
 * @param lingerTime from then until this outcome; zero where the outcome was known before the linger
 * @param transportKept whether the transport lives on in plaintext ({@link TransportPolicy#KEEP})
 * @param sessionResumable whether the session was left fit for resumption: the handshake was done, no fatal alert went
 *     either way (RFC 5246, section 7.2.2), the engine has not invalidated it, and it is not known to lack a ticket.
 *     However the connection was closed, truncated too, makes no difference (RFC 5246, section 7.2.1). It does not say
 *     that the peer agrees
 * @param repeats how often our close_notify was sent again, which only DTLS does
 * @param missingAtMost how many records, at most, that the peer sent before its close_notify never arrived; -1 where
 *     that is not known: over TLS, where none can be missing, or without a close_notify of the peer's
 * @param cause what went wrong underneath, or {@code null}
 */
public record ShutdownOutcome(
        Protocol protocol,
        ShutdownResult result,
        ShutdownInitiator initiator,
        ShutdownMode mode,
        boolean closeNotifySent,
        boolean closeNotifyReceived,
        @Nullable String lastAlert,
        long bytesDelivered,
        long bytesDiscarded,
        long bytesNotFlushed,
        Duration flushTime,
        Duration peerTime,
        Duration lingerTime,
        boolean transportKept,
        boolean sessionResumable,
        int repeats,
        long missingAtMost,
        @Nullable Throwable cause) implements ConnectionOutcome {

    @Override
    public Duration elapsed() {
        return flushTime.plus(peerTime).plus(lingerTime);
    }
}
