package io.closenotify.quic;

import io.closenotify.Protocol;
import io.closenotify.observe.ShutdownObserver;
import io.netty.incubator.codec.quic.QuicResetTokenGenerator;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What remains of a closed connection: the datagram with its CONNECTION_CLOSE, and when to forget it.
 *
 * <p><b>Specification:</b> RFC 9000, section 10.2.1: an endpoint in the closing state needs "only enough information to
 * generate a packet containing a CONNECTION_CLOSE frame and to identify packets as belonging to the connection"; it
 * "MAY send the exact same packet", "SHOULD limit the rate" and, having dropped its keys, must keep to three times the
 * bytes received.
 */
final class LingerEntry {

    private static final int AMPLIFICATION = 3;

    private final InetSocketAddress peer;
    private final byte[] datagram;
    private final long[] keys;
    private final @Nullable QuicResetTokenGenerator resets;
    private final long closingUntil;
    private final long forgottenAt;
    private ShutdownObserver observer = ShutdownObserver.none();
    private boolean answering;
    private boolean ofRefused;
    private byte copiesLeft;
    private long copyInterval;
    private long nextEvent;
    private int received;
    private long bytesReceived;
    private long bytesSent;

    /**
     * Creates an entry.
     *
     * @param peer the peer's address
     * @param datagram the datagram that was sent
     * @param keys the keys of the connection ids by which the peer may address the connection
     * @param answering whether late packets are answered
     * @param closingUntil when the closing period ends, in nanoseconds
     * @param resets makes the tokens of stateless resets after that, or {@code null} for none
     * @param forgottenAt when those end
     */
    LingerEntry(InetSocketAddress peer, byte[] datagram, long[] keys, boolean answering, long closingUntil,
            @Nullable QuicResetTokenGenerator resets, long forgottenAt) {
        this.peer = peer;
        this.datagram = datagram;
        this.keys = keys;
        this.answering = answering;
        this.closingUntil = closingUntil;
        this.resets = resets;
        this.forgottenAt = resets == null ? closingUntil : forgottenAt;
        nextEvent = this.forgottenAt;
    }

    /** Before the entry is put into the table. */
    void observedBy(ShutdownObserver observer) {
        this.observer = observer;
    }

    /** Before the entry is put into the table: the connection was never accepted, and nobody waits for its end. */
    void ofRefused() {
        ofRefused = true;
    }

    boolean isOfRefused() {
        return ofRefused;
    }

    void started() {
        observer.lingerStarted(Protocol.QUIC);
    }

    void ended() {
        observer.lingerEnded(Protocol.QUIC);
    }

    InetSocketAddress peer() {
        return peer;
    }

    byte[] datagram() {
        return datagram;
    }

    long[] keys() {
        return keys;
    }

    long nextEvent() {
        return nextEvent;
    }

    boolean isForgotten(long now) {
        return now - forgottenAt >= 0;
    }

    boolean isClosing(long now) {
        return now - closingUntil < 0;
    }

    /** What makes the tokens of stateless resets, if any are to be sent: a rapid close is followed by nothing. */
    @Nullable QuicResetTokenGenerator resets() {
        return answering ? resets : null;
    }

    /** Before the entry is put into the table, or taken out of it for the while. */
    void scheduleCopies(int copies, long interval, long now) {
        copiesLeft = (byte) copies;
        copyInterval = interval;
        nextEvent = nextEvent(now);
    }

    private long nextEvent(long now) {
        long copyAt = now + copyInterval;
        return copiesLeft > 0 && copyAt - closingUntil < 0 ? copyAt : forgottenAt;
    }

    /** Whether a copy is to be sent on our own account now; the next one is scheduled. */
    boolean copyDue(long now) {
        if (copiesLeft == 0 || !answering || now - nextEvent < 0 || !isClosing(now)) {
            nextEvent = forgottenAt;
            return false;
        }
        copiesLeft--;
        nextEvent = nextEvent(now);
        return true;
    }

    void answerFromNowOn() {
        answering = true;
    }

    /**
     * Takes note of a late datagram. Answers go to the 1st, 2nd, 4th, 8th …, so that two ends that are both closing
     * fall silent, and never add up to more than three times the bytes received. To an address other than the peer's
     * each answer is measured by the one datagram that came from there: it may be a victim's.
     *
     * @param sender where it came from
     * @param length its length in bytes
     * @param now the time
     * @return whether it is to be answered with {@link #datagram()}
     */
    boolean answers(InetSocketAddress sender, int length, long now) {
        if (!answering || !isClosing(now)) {
            return false;
        }
        received++;
        bytesReceived += length;
        boolean turn = Integer.bitCount(received) == 1;
        boolean within = bytesSent + datagram.length <= AMPLIFICATION * bytesReceived
                && (sender.equals(peer) || datagram.length <= AMPLIFICATION * length);
        if (turn && within) {
            bytesSent += datagram.length;
            return true;
        }
        return false;
    }
}
