package io.closenotify.quic;

/**
 * Tells whether anything of a connection is in flight, which quiche does not say.
 *
 * <p>What quiche shows is the time until its next timer. Its loss timer runs exactly while something is in flight (RFC
 * 9002, section 6.2.1); without it, only the idle timer is left. The two are told apart by their length. While
 * something is in flight, the loss timer is at most the probe timeout, doubled for each expiry since the last
 * acknowledgement; and <i>k</i> expiries take at least (2<sup>k−1</sup> − 1) probe timeouts, which is less than by the
 * RFC: the codec may send the probes of several at once. So a timer that is longer than two probe timeouts and twice
 * the time since the last acknowledgement together cannot be the loss timer: nothing is in flight. Without the second
 * summand a dead path would look flushed as soon as its back-off exceeds the idle timeout.
 *
 * <p>That an acknowledgement arrived is seen by the round-trip time: only a sample changes it. The probe timeout is
 * srtt + max(4 rttvar, 1 ms) + max_ack_delay; rttvar is not told either, but by RFC 9002, section 5.3 it starts as half
 * of srtt, and no sequence of samples makes it larger than twice srtt: the fixed point of (3/4 r + 1/4) / (7/8).
 *
 * <p>Where the idle timeout is short for the path, the idle timer itself may be too short for that. But directly behind
 * a batch with an acknowledgement there was at most one expiry, so that the loss timer shows at most two probe
 * timeouts; and quiche keeps the idle timeout at three or more of them (RFC 9000, section 10.1). A timer that is then
 * as long as the idle timeout the peer has announced, but for 2 %, and longer than a probe timeout by the changes of
 * the round-trip time that were seen, is the idle timer. (Our own idle timeout must not be the smaller one for that:
 * the codec does not tell it.)
 *
 * <p>Once nothing was in flight and since then no packet was sent, nothing is in flight. So an occasional look at an
 * open connection suffices to know at once, when its shutdown begins after a long silence.
 *
 * <p>What was taken for lost is not in flight, and may still have to be sent again. The codec forgets to, until
 * something else happens, where it finds quiche's timer expired while it is sending. So nothing is believed behind a
 * loss before {@link #sendAll()}.
 */
final class AckWatch {

    private static final long GRANULARITY_NANOS = 1_000_000;
    private static final int SRTT_IN_PROBE_TIMEOUT = 9;
    private static final int USUAL_SRTT_IN_PROBE_TIMEOUT = 3;
    private static final int PROBE_TIMEOUTS_OF_GRACE = 3;
    private static final int NEARLY = 50;

    private final Signs connection;
    private long lastLook;
    private long lastRtt;
    private long variance = -1;
    private long acknowledgedSince;
    private boolean acknowledgementKnown;
    private long provenAtPacketsSent = -1;
    private long provenAtPacketsReceived;
    private long lossesSentAgain;
    private boolean ended;

    /**
     * Starts to watch.
     *
     * @param connection the connection
     * @param now the time
     * @param fresh whether nothing of the connection was unacknowledged before: it is new. Otherwise nothing is known
     *     until an acknowledgement is seen
     */
    AckWatch(Signs connection, long now, boolean fresh) {
        this.connection = connection;
        lastLook = now;
        acknowledgedSince = now;
        acknowledgementKnown = fresh;
        lastRtt = connection.rttNanos();
    }

    /**
     * Looks whether certainly nothing is in flight. Not from within the codec's reading: what is written there is only
     * sent behind it, and in flight then.
     *
     * @param now the time
     * @return whether certainly nothing is in flight
     */
    boolean nothingInFlight(long now) {
        return nothingInFlight(now, false);
    }

    /**
     * The same, directly behind a batch of the peer's datagrams.
     *
     * @param now the time
     * @param behindBatch whether the last look was before that batch
     * @return whether certainly nothing is in flight
     */
    boolean nothingInFlight(long now, boolean behindBatch) {
        if (ended || !connection.exists()) {
            return nothingWasInFlight();
        }
        long rtt = connection.rttNanos();
        boolean acknowledged = rtt != lastRtt;
        if (acknowledged) {
            // RFC 9002, section 5.3, as if there was one sample since the last look.
            variance = variance < 0 ? rtt / 2 : (3 * variance + 8 * Math.abs(rtt - lastRtt)) / 4;
            lastRtt = rtt;
            acknowledgedSince = lastLook;
            acknowledgementKnown = true;
        }
        lastLook = now;
        long sent = connection.packetsSent();
        if (sent == provenAtPacketsSent) {
            return !hasLossesToSendAgain();
        }
        long timer = connection.timeoutNanos();
        // No timer at all: the idle timeout is switched off, and the loss timer does not run.
        if (timer < 0
                || (acknowledged && behindBatch && isIdleTimer(timer, rtt))
                || (acknowledgementKnown && timer > 2 * (probeTimeoutAtMost(rtt) + now - acknowledgedSince))) {
            provenAtPacketsSent = sent;
            provenAtPacketsReceived = connection.packetsReceived();
            return !hasLossesToSendAgain();
        }
        return false;
    }

    /** Whether packets were taken for lost since everything was sent: look again behind {@link #sendAll()}. */
    boolean hasLossesToSendAgain() {
        return connection.packetsLost() != lossesSentAgain;
    }

    /** Sends all there is to send, what was lost included. It may free the connection. */
    void sendAll() {
        // The sending itself may find another timer expired.
        long losses = connection.packetsLost();
        connection.pump();
        if (!ended && connection.exists()) {
            lossesSentAgain = losses;
        }
    }

    /**
     * The peer's close was just read: quiche's timer is that of the draining period from now on, and tells no more.
     *
     * <p>What the application wrote in answer to what was read in one go with the close, quiche has taken and will
     * never send. We did not acknowledge those packets yet either: they are seen by their number.
     */
    void ended() {
        ended = true;
        if (connection.packetsReceived() - provenAtPacketsReceived > 1) {
            provenAtPacketsSent = -1;
        }
    }

    /** Whether nothing was in flight at the last look, and nothing was sent since. */
    boolean nothingWasInFlight() {
        return connection.packetsSent() == provenAtPacketsSent && !hasLossesToSendAgain();
    }

    /** How long a client's last packet of the handshake may take to arrive, a few losses included. */
    long handshakeGraceNanos() {
        return PROBE_TIMEOUTS_OF_GRACE * (USUAL_SRTT_IN_PROBE_TIMEOUT * connection.rttNanos()
                + GRANULARITY_NANOS + connection.maxAckDelayNanos());
    }

    private boolean isIdleTimer(long timer, long rtt) {
        long idleTimeout = connection.peerIdleTimeoutNanos();
        return timer > idleTimeout - idleTimeout / NEARLY
                && timer <= idleTimeout
                && timer > rtt + 5 * variance + 2 * connection.maxAckDelayNanos() + GRANULARITY_NANOS;
    }

    private long probeTimeoutAtMost(long rtt) {
        return SRTT_IN_PROBE_TIMEOUT * rtt + GRANULARITY_NANOS + connection.maxAckDelayNanos();
    }

    /** What quiche shows of a connection, and lets do. */
    interface Signs {

        /** Whether there is a connection that is not freed. */
        boolean exists();

        /** The smoothed round-trip time of the active path. */
        long rttNanos();

        /** Packets sent, also after the end. */
        long packetsSent();

        /** Packets of the peer that could be read. */
        long packetsReceived();

        /** Packets that were taken for lost, also after the end. */
        long packetsLost();

        /** Sends what it can. In a task of its own: the codec is not reentrant. */
        void pump();

        /** The time until quiche's next timer, or a negative number if it has none. */
        long timeoutNanos();

        /** The idle timeout that the peer has announced; zero if it has none. */
        long peerIdleTimeoutNanos();

        /** The longest the peer delays its acknowledgements. */
        long maxAckDelayNanos();
    }
}
