package io.closenotify;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * How a connection is to be ended.
 *
 * <p>Immutable and shareable. Start from a preset, {@link #bidirectional()}, {@link #fast()} or {@link #quiet()}, and
 * change what differs:
 *
 * <pre>{@code
 * ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder()
 *         .peerTimeout(Duration.ofSeconds(1))
 *         .onTruncation(TruncationPolicy.REPORT)
 *         .build();
 * }</pre>
 *
 * <p><b>Timeouts</b> are absolute: each starts when its phase starts, and data never extends it. Zero means "without
 * end" for {@link #flushTimeout()} and {@link #peerTimeout()}, and "no linger" for {@link #linger()}. They are kept to
 * the nanosecond and may not exceed {@link #MAX_TIMEOUT}.
 *
 * <p><b>Specification:</b> RFC 8446, section 6.1; RFC 5246, section 7.2.1; {@code SSL_shutdown(3)}. OpenSSL leaves all
 * waiting to its caller; the timeouts, the linger and the cap are this library's.
 *
 * @param mode how far the shutdown goes; {@link ShutdownMode#BIDIRECTIONAL} by default
 * @param flushTimeout how long data written before the shutdown, and our close_notify, may take to reach the kernel;
 *     3 s by default, zero waits without end. When it is over the result is {@link ShutdownResult#FLUSH_FAILED}
 * @param peerTimeout how long to wait for the peer's close_notify once ours has left; 5 s by default, zero waits
 *     without end. When it is over the result is {@link ShutdownResult#PEER_SILENT}
 * @param linger how long, once nothing more is awaited, the transport is kept half-closed (FIN sent) while input is
 *     discarded, so that late data never makes the kernel answer with RST and destroy what we sent; 2 s by default,
 *     zero closes at once (OpenSSL's literal fast shutdown). It ends early as {@code lingerEnd} says
 * @param lingerEnd what ends the linger early; {@link LingerEnd#PEER_FIN} by default
 * @param inboundAfterCloseNotify what happens to application data that arrives after our close_notify;
 *     {@link InboundPolicy#DELIVER} by default
 * @param inboundCap how many bytes of such data are accepted, delivered or discarded, while the peer's close_notify is
 *     awaited; 16 MiB by default, zero accepts none. Past it the result is {@link ShutdownResult#ABORTED}
 * @param onTruncation what the end of input without close_notify means; {@link TruncationPolicy#FAIL} by default
 */
public record ShutdownPolicy(
        ShutdownMode mode,
        Duration flushTimeout,
        Duration peerTimeout,
        Duration linger,
        LingerEnd lingerEnd,
        InboundPolicy inboundAfterCloseNotify,
        long inboundCap,
        TruncationPolicy onTruncation) {

    /** The longest timeout that is accepted: 365 days. */
    public static final Duration MAX_TIMEOUT = Duration.ofDays(365);

    private static final ShutdownPolicy BIDIRECTIONAL = new Builder(ShutdownMode.BIDIRECTIONAL).build();
    private static final ShutdownPolicy FAST = new Builder(ShutdownMode.FAST).build();
    private static final ShutdownPolicy QUIET = new Builder(ShutdownMode.QUIET).build();

    /**
     * Checks the values; {@link Builder} is the usual way here.
     *
     * @throws IllegalArgumentException if a value is out of its range; the message names it and what was expected
     */
    public ShutdownPolicy {
        requireNonNull(mode, "mode");
        requireTimeout(flushTimeout, "flushTimeout");
        requireTimeout(peerTimeout, "peerTimeout");
        requireTimeout(linger, "linger");
        requireNonNull(lingerEnd, "lingerEnd");
        requireNonNull(inboundAfterCloseNotify, "inboundAfterCloseNotify");
        if (inboundCap < 0) {
            throw new IllegalArgumentException("inboundCap: " + inboundCap + " (expected: >= 0 bytes)");
        }
        requireNonNull(onTruncation, "onTruncation");
    }

    private static void requireTimeout(Duration timeout, String name) {
        requireNonNull(timeout, name);
        if (timeout.isNegative() || timeout.compareTo(MAX_TIMEOUT) > 0) {
            throw new IllegalArgumentException(name + ": " + timeout + " (expected: PT0S to " + MAX_TIMEOUT + ')');
        }
    }

    /**
     * Returns the default policy: both alerts are exchanged.
     *
     * @return the preset for {@link ShutdownMode#BIDIRECTIONAL}
     */
    public static ShutdownPolicy bidirectional() {
        return BIDIRECTIONAL;
    }

    /**
     * Returns the policy that sends close_notify without waiting for the peer's.
     *
     * @return the preset for {@link ShutdownMode#FAST}
     */
    public static ShutdownPolicy fast() {
        return FAST;
    }

    /**
     * Returns the policy that sends no alert.
     *
     * @return the preset for {@link ShutdownMode#QUIET}
     */
    public static ShutdownPolicy quiet() {
        return QUIET;
    }

    /**
     * Returns the preset of a mode.
     *
     * @param mode the mode
     * @return {@link #bidirectional()}, {@link #fast()} or {@link #quiet()}
     */
    public static ShutdownPolicy of(ShutdownMode mode) {
        return switch (mode) {
            case BIDIRECTIONAL -> BIDIRECTIONAL;
            case FAST -> FAST;
            case QUIET -> QUIET;
        };
    }

    /**
     * Returns a builder that starts from these values.
     *
     * @return a new builder
     */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Builds a {@link ShutdownPolicy}. The setters only take note; {@link #build()} checks. */
    public static final class Builder {

        private ShutdownMode mode;
        private Duration flushTimeout = Duration.ofSeconds(3);
        private Duration peerTimeout = Duration.ofSeconds(5);
        private Duration linger = Duration.ofSeconds(2);
        private LingerEnd lingerEnd = LingerEnd.PEER_FIN;
        private InboundPolicy inboundAfterCloseNotify = InboundPolicy.DELIVER;
        private long inboundCap = 16L << 20;
        private TruncationPolicy onTruncation = TruncationPolicy.FAIL;

        private Builder(ShutdownMode mode) {
            this.mode = mode;
        }

        private Builder(ShutdownPolicy policy) {
            mode = policy.mode;
            flushTimeout = policy.flushTimeout;
            peerTimeout = policy.peerTimeout;
            linger = policy.linger;
            lingerEnd = policy.lingerEnd;
            inboundAfterCloseNotify = policy.inboundAfterCloseNotify;
            inboundCap = policy.inboundCap;
            onTruncation = policy.onTruncation;
        }

        /**
         * Sets {@link ShutdownPolicy#mode()}.
         *
         * @param mode how far the shutdown goes
         * @return this builder
         */
        public Builder mode(ShutdownMode mode) {
            this.mode = mode;
            return this;
        }

        /**
         * Sets {@link ShutdownPolicy#flushTimeout()}.
         *
         * @param flushTimeout zero to {@link #MAX_TIMEOUT}; zero waits without end
         * @return this builder
         */
        public Builder flushTimeout(Duration flushTimeout) {
            this.flushTimeout = flushTimeout;
            return this;
        }

        /**
         * Sets {@link ShutdownPolicy#peerTimeout()}.
         *
         * @param peerTimeout zero to {@link #MAX_TIMEOUT}; zero waits without end
         * @return this builder
         */
        public Builder peerTimeout(Duration peerTimeout) {
            this.peerTimeout = peerTimeout;
            return this;
        }

        /**
         * Sets {@link ShutdownPolicy#linger()}.
         *
         * @param linger zero to {@link #MAX_TIMEOUT}; zero closes at once
         * @return this builder
         */
        public Builder linger(Duration linger) {
            this.linger = linger;
            return this;
        }

        /**
         * Sets {@link ShutdownPolicy#lingerEnd()}.
         *
         * @param lingerEnd what ends the linger early
         * @return this builder
         */
        public Builder lingerEnd(LingerEnd lingerEnd) {
            this.lingerEnd = lingerEnd;
            return this;
        }

        /**
         * Sets {@link ShutdownPolicy#inboundAfterCloseNotify()}.
         *
         * @param inboundAfterCloseNotify what happens to application data that arrives after our close_notify
         * @return this builder
         */
        public Builder inboundAfterCloseNotify(InboundPolicy inboundAfterCloseNotify) {
            this.inboundAfterCloseNotify = inboundAfterCloseNotify;
            return this;
        }

        /**
         * Sets {@link ShutdownPolicy#inboundCap()}.
         *
         * @param inboundCap bytes, at least zero; zero accepts none
         * @return this builder
         */
        public Builder inboundCap(long inboundCap) {
            this.inboundCap = inboundCap;
            return this;
        }

        /**
         * Sets {@link ShutdownPolicy#onTruncation()}.
         *
         * @param onTruncation what the end of input without close_notify means
         * @return this builder
         */
        public Builder onTruncation(TruncationPolicy onTruncation) {
            this.onTruncation = onTruncation;
            return this;
        }

        /**
         * Builds the policy.
         *
         * @return the policy
         * @throws IllegalArgumentException if a value is out of its range; the message names it and what was expected
         * @throws NullPointerException if a value is {@code null}; the message names it
         */
        public ShutdownPolicy build() {
            return new ShutdownPolicy(mode, flushTimeout, peerTimeout, linger, lingerEnd, inboundAfterCloseNotify,
                    inboundCap, onTruncation);
        }
    }
}
