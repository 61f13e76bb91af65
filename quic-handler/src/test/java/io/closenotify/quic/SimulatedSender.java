package io.closenotify.quic;

/**
 * The part of quiche that {@link AckWatch} looks at: loss recovery (recovery/congestion/recovery.rs, recovery/rtt.rs)
 * and the timers (lib.rs) of one path after the handshake, in virtual time and with quiche's rounding.
 */
final class SimulatedSender implements AckWatch.Signs {

    private static final long NONE = Long.MAX_VALUE;
    private static final long GRANULARITY = 1_000_000;
    private static final long INITIAL_RTT = 333_000_000;
    private static final int WINDOW = 10;
    private static final int MAX_PACKET_THRESHOLD = 20;

    private final long idleTimeout;
    private final long maxAckDelay;

    /** Of every packet by number: when it was sent, whether it counts as in flight, and what became of it. */
    private final long[] sentAt = new long[AckWatchTest.MOST_PACKETS];
    private final boolean[] counted = new boolean[AckWatchTest.MOST_PACKETS];
    private final boolean[] resolved = new boolean[AckWatchTest.MOST_PACKETS];
    private final boolean[] lost = new boolean[AckWatchTest.MOST_PACKETS];

    private long now;
    private int next;
    private int firstOpen;
    private int inFlight;
    private int takenForLost;
    private int received;
    private int unsent;
    private int largestAcked = -1;
    private long smoothed = INITIAL_RTT;
    private long variance = INITIAL_RTT / 2;
    private long latest;
    private long smallest = NONE;
    private int packetThreshold = 3;
    private boolean reordered;
    private long lossTime = NONE;
    private long lossTimer = NONE;
    private long lastEliciting;
    private int backOff;
    private int probes;
    private long idleTimer = NONE;
    private long drainingTimer = NONE;
    private boolean elicitingSinceReceived;
    private boolean closed;

    SimulatedSender(long idleTimeout, long maxAckDelay, long now) {
        this.idleTimeout = idleTimeout;
        this.maxAckDelay = maxAckDelay;
        this.now = now;
        restartIdle();
    }

    // What AckWatch sees

    @Override
    public boolean exists() {
        return !closed;
    }

    @Override
    public long rttNanos() {
        return closed ? 0 : smoothed;
    }

    @Override
    public long packetsSent() {
        return next;
    }

    @Override
    public long packetsReceived() {
        return received;
    }

    @Override
    public long packetsLost() {
        return takenForLost;
    }

    @Override
    public void pump() {
        send();
    }

    @Override
    public long timeoutNanos() {
        long deadline = deadline();
        return deadline == NONE ? -1 : Math.max(0, deadline - now);
    }

    @Override
    public long peerIdleTimeoutNanos() {
        return idleTimeout;
    }

    @Override
    public long maxAckDelayNanos() {
        return maxAckDelay;
    }

    // What the test sees

    boolean isClosed() {
        return closed;
    }

    boolean isDraining() {
        return drainingTimer != NONE;
    }

    /** Something is not acknowledged: in flight, or lost and not sent again yet. */
    boolean owes() {
        return inFlight > 0 || unsent > 0;
    }

    /** Whether there is no telling any more how a packet fares. */
    boolean isFull() {
        return next > AckWatchTest.MOST_PACKETS - 2 * WINDOW - 3;
    }

    int backOff() {
        return backOff;
    }

    long deadline() {
        if (closed) {
            return NONE;
        }
        return drainingTimer != NONE ? drainingTimer : Math.min(idleTimer, lossTimer);
    }

    long sentAt(int packet) {
        return sentAt[packet];
    }

    @Override
    public String toString() {
        return "SimulatedSender[now=" + now + ", sent=" + next + ", inFlight=" + inFlight + ", unsent=" + unsent
                + ", srtt=" + smoothed + ", rttvar=" + variance + ", latest=" + latest + ", backOff=" + backOff
                + ", lossTimer in " + (lossTimer == NONE ? "-" : lossTimer - now)
                + ", idleTimer in " + (idleTimer == NONE ? "-" : idleTimer - now)
                + ", draining in " + (drainingTimer == NONE ? "-" : drainingTimer - now) + ", closed=" + closed + ']';
    }

    // What happens

    void at(long time) {
        now = time;
    }

    /** The application writes; quiche takes nothing once the peer has closed. */
    void write(int packets) {
        if (!closed && drainingTimer == NONE) {
            unsent += packets;
        }
    }

    /** Sends what the window and the probes allow; returns the number of the first packet that was not sent yet. */
    int send() {
        if (closed || drainingTimer != NONE) {
            return next;
        }
        while ((unsent > 0 && inFlight < WINDOW) || probes > 0) {
            unsent = Math.max(0, unsent - 1);
            probes = Math.max(0, probes - 1);
            sent(true);
        }
        return next;
    }

    /** Sends an ACK alone, which is not in flight. */
    void sendAck() {
        if (!closed && drainingTimer == NONE) {
            sent(false);
        }
    }

    private void sent(boolean eliciting) {
        sentAt[next] = now;
        counted[next] = eliciting;
        resolved[next] = !eliciting;
        next++;
        if (eliciting) {
            inFlight++;
            lastEliciting = now;
            setLossTimer();
            if (!elicitingSinceReceived) {
                restartIdle();
            }
            elicitingSinceReceived = true;
        }
    }

    /** A packet of the peer. */
    void received() {
        if (!closed && drainingTimer == NONE) {
            received++;
            restartIdle();
            elicitingSinceReceived = false;
        }
    }

    void receivedClose() {
        if (!closed && drainingTimer == NONE) {
            received++;
            drainingTimer = now + 3 * probeTimeout();
        }
    }

    /** An ACK of the packets that the peer had received, by number, below a bound. */
    void receivedAck(boolean[] acked, int bound, long ackDelay) {
        received();
        if (closed || drainingTimer != NONE) {
            return;
        }
        int largestNew = -1;
        boolean eliciting = false;
        for (int packet = 0; packet < bound; packet++) {
            if (!acked[packet]) {
                continue;
            }
            if (lost[packet]) {
                if (!resolved[packet]) {
                    resolved[packet] = true;
                    packetThreshold = Math.max(packetThreshold,
                            Math.min(MAX_PACKET_THRESHOLD, Math.max(largestAcked, bound - 1) - packet + 1));
                    reordered = true;
                }
            } else if (!resolved[packet]) {
                resolved[packet] = true;
                inFlight--;
                eliciting = true;
                largestNew = packet;
            }
        }
        if (largestNew < 0) {
            return;
        }
        if (largestNew > largestAcked && eliciting) {
            sample(now - sentAt[largestNew], ackDelay);
        }
        largestAcked = Math.max(largestAcked, largestNew);
        detectLost();
        backOff = 0;
        setLossTimer();
    }

    private void sample(long rtt, long ackDelay) {
        latest = rtt;
        if (smallest == NONE) {
            smallest = rtt;
            smoothed = rtt;
            variance = rtt / 2;
            return;
        }
        smallest = Math.min(smallest, rtt);
        long delay = Math.min(ackDelay, maxAckDelay);
        long adjusted = rtt >= smallest + delay ? rtt - delay : rtt;
        variance = variance * 3 / 4 + Math.abs(smoothed - adjusted) / 4;
        smoothed = smoothed * 7 / 8 + adjusted / 8;
    }

    private void detectLost() {
        lossTime = NONE;
        long base = Math.max(latest, smoothed);
        long delay = Math.max(GRANULARITY, reordered ? base * 5 / 4 : base * 9 / 8);
        while (firstOpen < next && (resolved[firstOpen] || lost[firstOpen])) {
            firstOpen++;
        }
        for (int packet = firstOpen; packet <= largestAcked; packet++) {
            if (resolved[packet] || lost[packet]) {
                continue;
            }
            if (sentAt[packet] <= now - delay || largestAcked >= packet + packetThreshold) {
                lost[packet] = true;
                takenForLost++;
                inFlight--;
                unsent++;
            } else {
                lossTime = sentAt[packet] + delay;
                break;
            }
        }
    }

    private long probeTimeout() {
        return smoothed + Math.max(4 * variance, GRANULARITY);
    }

    private void setLossTimer() {
        if (lossTime != NONE) {
            lossTimer = lossTime;
        } else if (inFlight == 0) {
            lossTimer = NONE;
        } else {
            lossTimer = lastEliciting + ((probeTimeout() + maxAckDelay) << backOff);
        }
    }

    private void restartIdle() {
        idleTimer = idleTimeout == 0 ? NONE : now + Math.max(idleTimeout, 3 * probeTimeout());
    }

    /** The codec's timer: what is due is done. */
    void timedOut() {
        if (closed) {
            return;
        }
        if (drainingTimer != NONE) {
            closed = drainingTimer <= now;
            return;
        }
        if (idleTimer <= now) {
            closed = true;
            return;
        }
        if (lossTimer > now) {
            return;
        }
        if (lossTime != NONE) {
            detectLost();
            setLossTimer();
            return;
        }
        backOff++;
        probes = Math.min(backOff, 2);
        setLossTimer();
    }
}
