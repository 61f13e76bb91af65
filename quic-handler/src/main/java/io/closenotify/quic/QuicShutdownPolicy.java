package io.closenotify.quic;

import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownPolicy;
import java.time.Duration;

/**
 * How a QUIC connection is to be ended.
 *
 * <p>Immutable and shareable. Start from a preset, {@link #compliant()}, {@link #rapid()} or {@link #waitPeer()}, and
 * change what differs:
 *
 * <pre>{@code
 * QuicShutdownPolicy policy = QuicShutdownPolicy.compliant().toBuilder()
 *         .close(QuicConnectionClose.application(0x100, "done"))
 *         .flushTimeout(Duration.ofSeconds(30))
 *         .build();
 * }</pre>
 *
 * <p><b>Timeouts</b> are absolute: each starts when its phase starts, and data never extends it. Zero means "without
 * end" for {@link #flushTimeout()}, {@link #closeTimeout()} and {@link #peerTimeout()}, though the connection's idle
 * timeout still ends them. They are kept to the nanosecond and may not exceed {@link ShutdownPolicy#MAX_TIMEOUT}.
 *
 * <p><b>Specification:</b> {@code SSL_shutdown_ex(3)}; RFC 9000, section 10.2. OpenSSL's stream flush has no deadline;
 * the timeouts, the extra copies and the stateless reset are this library's.
 */
public final class QuicShutdownPolicy {

    /** The most extra copies of a CONNECTION_CLOSE datagram. */
    public static final int MAX_EXTRA_COPIES = 3;

    private static final QuicShutdownPolicy COMPLIANT = new Builder().build();
    private static final QuicShutdownPolicy RAPID = new Builder().mode(QuicShutdownMode.RAPID).build();
    private static final QuicShutdownPolicy WAIT_PEER = new Builder().mode(QuicShutdownMode.WAIT_PEER).build();

    private final QuicShutdownMode mode;
    private final QuicConnectionClose close;
    private final StreamFlush streamFlush;
    private final Duration flushTimeout;
    private final Duration closeTimeout;
    private final Duration peerTimeout;
    private final int extraCopies;
    private final Duration statelessReset;

    private QuicShutdownPolicy(Builder builder) {
        mode = requireNonNull(builder.mode, "mode");
        close = requireNonNull(builder.close, "close");
        streamFlush = requireNonNull(builder.streamFlush, "streamFlush");
        flushTimeout = requireTimeout(builder.flushTimeout, "flushTimeout");
        closeTimeout = requireTimeout(builder.closeTimeout, "closeTimeout");
        peerTimeout = requireTimeout(builder.peerTimeout, "peerTimeout");
        extraCopies = builder.extraCopies;
        if (extraCopies < 0 || extraCopies > MAX_EXTRA_COPIES) {
            throw new IllegalArgumentException(
                    "extraCopies: " + extraCopies + " (expected: 0 to " + MAX_EXTRA_COPIES + ')');
        }
        statelessReset = requireTimeout(builder.statelessReset, "statelessReset");
    }

    private static Duration requireTimeout(Duration timeout, String name) {
        requireNonNull(timeout, name);
        if (timeout.isNegative() || timeout.compareTo(ShutdownPolicy.MAX_TIMEOUT) > 0) {
            throw new IllegalArgumentException(
                    name + ": " + timeout + " (expected: PT0S to " + ShutdownPolicy.MAX_TIMEOUT + ')');
        }
        return timeout;
    }

    /**
     * Returns the default policy: flush until acknowledged, close as RFC 9000, section 10.2 asks.
     *
     * @return the preset for {@link QuicShutdownMode#COMPLIANT}
     */
    public static QuicShutdownPolicy compliant() {
        return COMPLIANT;
    }

    /**
     * Returns the policy that flushes until acknowledged and then sends one datagram.
     *
     * @return the preset for {@link QuicShutdownMode#RAPID}
     */
    public static QuicShutdownPolicy rapid() {
        return RAPID;
    }

    /**
     * Returns the policy that leaves the closing to the peer.
     *
     * @return the preset for {@link QuicShutdownMode#WAIT_PEER}
     */
    public static QuicShutdownPolicy waitPeer() {
        return WAIT_PEER;
    }

    /**
     * Returns the preset of a mode.
     *
     * @param mode the mode
     * @return {@link #compliant()}, {@link #rapid()} or {@link #waitPeer()}
     */
    public static QuicShutdownPolicy of(QuicShutdownMode mode) {
        return switch (requireNonNull(mode, "mode")) {
            case COMPLIANT -> COMPLIANT;
            case RAPID -> RAPID;
            case WAIT_PEER -> WAIT_PEER;
        };
    }

    /**
     * Returns how the connection is closed.
     *
     * @return the mode; {@link QuicShutdownMode#COMPLIANT} by default
     */
    public QuicShutdownMode mode() {
        return mode;
    }

    /**
     * Returns what our CONNECTION_CLOSE says. Of the policies of several calls, that of the first one counts.
     *
     * @return the close; an application's code 0 without a reason by default
     */
    public QuicConnectionClose close() {
        return close;
    }

    /**
     * Returns what becomes of the data on streams. Without meaning for {@link QuicShutdownMode#WAIT_PEER}, which
     * flushes nothing.
     *
     * @return {@link StreamFlush#ACKNOWLEDGED} by default
     */
    public StreamFlush streamFlush() {
        return streamFlush;
    }

    /**
     * Returns how long the data on streams may take to be acknowledged. When it is over the connection is closed all
     * the same, and the result is {@link io.closenotify.ShutdownResult#FLUSH_FAILED}.
     *
     * @return the timeout; 10 s by default, zero waits without end
     */
    public Duration flushTimeout() {
        return flushTimeout;
    }

    /**
     * Returns how long the CONNECTION_CLOSE may wait for room in the congestion window, or for the first packet of the
     * peer. When it is over the connection is released, and the result is
     * {@link io.closenotify.ShutdownResult#FLUSH_FAILED} with {@link QuicCloseDelivery#NOT_SENT}.
     *
     * @return the timeout; 3 s by default, zero waits without end
     */
    public Duration closeTimeout() {
        return closeTimeout;
    }

    /**
     * Returns how long {@link QuicShutdownMode#WAIT_PEER} waits for the peer. When it is over the connection is closed
     * with {@link #close()}, and the result is {@link io.closenotify.ShutdownResult#PEER_SILENT}.
     *
     * @return the timeout; zero by default, which waits without end
     */
    public Duration peerTimeout() {
        return peerTimeout;
    }

    /**
     * Returns how many more copies of the CONNECTION_CLOSE datagram are sent on our own account during the closing
     * period of {@link QuicShutdownMode#COMPLIANT}, a quarter of it apart: for a peer that is idle, which would
     * otherwise learn of a lost close only from its idle timeout.
     *
     * @return 0 to {@link #MAX_EXTRA_COPIES}; zero by default
     */
    public int extraCopies() {
        return extraCopies;
    }

    /**
     * Returns for how long after the closing period of {@link QuicShutdownMode#COMPLIANT} late packets are answered
     * with a stateless reset (RFC 9000, section 10.3). Only a server can: the codec gives clients no tokens. Only
     * connection ids that the peer was given a token for can be reset; for the first one that is so only if the codec's
     * builder was given a {@code statelessResetToken}, which is not used here.
     *
     * @return the time; zero by default, which sends none
     */
    public Duration statelessReset() {
        return statelessReset;
    }

    @Override
    public String toString() {
        return "QuicShutdownPolicy[mode=" + mode + ", close=" + close + ", streamFlush=" + streamFlush
                + ", flushTimeout=" + flushTimeout + ", closeTimeout=" + closeTimeout + ", peerTimeout=" + peerTimeout
                + ", extraCopies=" + extraCopies + ", statelessReset=" + statelessReset + ']';
    }

    /**
     * Returns a builder that starts from these values.
     *
     * @return a new builder
     */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Builds a {@link QuicShutdownPolicy}. The setters only take note; {@link #build()} checks. */
    public static final class Builder {

        private QuicShutdownMode mode = QuicShutdownMode.COMPLIANT;
        private QuicConnectionClose close = QuicConnectionClose.application(QuicConnectionClose.NO_ERROR, "");
        private StreamFlush streamFlush = StreamFlush.ACKNOWLEDGED;
        private Duration flushTimeout = Duration.ofSeconds(10);
        private Duration closeTimeout = Duration.ofSeconds(3);
        private Duration peerTimeout = Duration.ZERO;
        private int extraCopies;
        private Duration statelessReset = Duration.ZERO;

        private Builder() {
        }

        private Builder(QuicShutdownPolicy policy) {
            mode = policy.mode;
            close = policy.close;
            streamFlush = policy.streamFlush;
            flushTimeout = policy.flushTimeout;
            closeTimeout = policy.closeTimeout;
            peerTimeout = policy.peerTimeout;
            extraCopies = policy.extraCopies;
            statelessReset = policy.statelessReset;
        }

        /**
         * Sets {@link QuicShutdownPolicy#mode()}.
         *
         * @param mode how the connection is closed
         * @return this builder
         */
        public Builder mode(QuicShutdownMode mode) {
            this.mode = mode;
            return this;
        }

        /**
         * Sets {@link QuicShutdownPolicy#close()}.
         *
         * @param close what our CONNECTION_CLOSE says
         * @return this builder
         */
        public Builder close(QuicConnectionClose close) {
            this.close = close;
            return this;
        }

        /**
         * Sets {@link QuicShutdownPolicy#streamFlush()}.
         *
         * @param streamFlush what becomes of the data on streams
         * @return this builder
         */
        public Builder streamFlush(StreamFlush streamFlush) {
            this.streamFlush = streamFlush;
            return this;
        }

        /**
         * Sets {@link QuicShutdownPolicy#flushTimeout()}.
         *
         * @param flushTimeout zero to {@link ShutdownPolicy#MAX_TIMEOUT}; zero waits without end
         * @return this builder
         */
        public Builder flushTimeout(Duration flushTimeout) {
            this.flushTimeout = flushTimeout;
            return this;
        }

        /**
         * Sets {@link QuicShutdownPolicy#closeTimeout()}.
         *
         * @param closeTimeout zero to {@link ShutdownPolicy#MAX_TIMEOUT}; zero waits without end
         * @return this builder
         */
        public Builder closeTimeout(Duration closeTimeout) {
            this.closeTimeout = closeTimeout;
            return this;
        }

        /**
         * Sets {@link QuicShutdownPolicy#peerTimeout()}.
         *
         * @param peerTimeout zero to {@link ShutdownPolicy#MAX_TIMEOUT}; zero waits without end
         * @return this builder
         */
        public Builder peerTimeout(Duration peerTimeout) {
            this.peerTimeout = peerTimeout;
            return this;
        }

        /**
         * Sets {@link QuicShutdownPolicy#extraCopies()}.
         *
         * @param extraCopies 0 to {@link #MAX_EXTRA_COPIES}
         * @return this builder
         */
        public Builder extraCopies(int extraCopies) {
            this.extraCopies = extraCopies;
            return this;
        }

        /**
         * Sets {@link QuicShutdownPolicy#statelessReset()}.
         *
         * @param statelessReset zero to {@link ShutdownPolicy#MAX_TIMEOUT}; zero sends none
         * @return this builder
         */
        public Builder statelessReset(Duration statelessReset) {
            this.statelessReset = statelessReset;
            return this;
        }

        /**
         * Builds the policy.
         *
         * @return the policy
         * @throws IllegalArgumentException if a value is out of its range; the message names it and what was expected
         * @throws NullPointerException if a value is {@code null}; the message names it
         */
        public QuicShutdownPolicy build() {
            return new QuicShutdownPolicy(this);
        }
    }
}
