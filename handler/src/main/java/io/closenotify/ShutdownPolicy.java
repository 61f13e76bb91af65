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
 * end" for {@link #flushTimeout()}, {@link #peerTimeout()} and {@link #deferTimeout()}, and "not at all" for
 * {@link #linger()} and {@link #ticketTimeout()}. They are kept to the nanosecond and may not exceed
 * {@link #MAX_TIMEOUT}.
 *
 * <p><b>Specification:</b> RFC 8446, section 6.1; RFC 5246, section 7.2.1; {@code SSL_shutdown(3)}. OpenSSL leaves all
 * waiting to its caller; the timeouts, the linger and the cap are this library's.
 */
public final class ShutdownPolicy {

    /** The longest timeout that is accepted: 365 days. */
    public static final Duration MAX_TIMEOUT = Duration.ofDays(365);

    private static final ShutdownPolicy BIDIRECTIONAL = new Builder().build();
    private static final ShutdownPolicy FAST = new Builder().mode(ShutdownMode.FAST).build();
    private static final ShutdownPolicy QUIET = new Builder().mode(ShutdownMode.QUIET).build();
    private static final ShutdownPolicy HALF_CLOSE = new Builder()
            .peerTimeout(Duration.ZERO).inboundAfterCloseNotify(InboundPolicy.ON_DEMAND).build();

    private final ShutdownMode mode;
    private final Duration flushTimeout;
    private final Duration peerTimeout;
    private final Duration linger;
    private final LingerEnd lingerEnd;
    private final InboundPolicy inboundAfterCloseNotify;
    private final long inboundCap;
    private final TruncationPolicy onTruncation;
    private final PeerClosePolicy onPeerCloseNotify;
    private final Duration deferTimeout;
    private final Duration ticketTimeout;
    private final TransportPolicy transport;

    private ShutdownPolicy(Builder builder) {
        mode = requireNonNull(builder.mode, "mode");
        flushTimeout = requireTimeout(builder.flushTimeout, "flushTimeout");
        peerTimeout = requireTimeout(builder.peerTimeout, "peerTimeout");
        linger = requireTimeout(builder.linger, "linger");
        lingerEnd = requireNonNull(builder.lingerEnd, "lingerEnd");
        inboundAfterCloseNotify = requireNonNull(builder.inboundAfterCloseNotify, "inboundAfterCloseNotify");
        inboundCap = builder.inboundCap;
        if (inboundCap < 0) {
            throw new IllegalArgumentException("inboundCap: " + inboundCap + " (expected: >= 0 bytes)");
        }
        onTruncation = requireNonNull(builder.onTruncation, "onTruncation");
        onPeerCloseNotify = requireNonNull(builder.onPeerCloseNotify, "onPeerCloseNotify");
        deferTimeout = requireTimeout(builder.deferTimeout, "deferTimeout");
        ticketTimeout = requireTimeout(builder.ticketTimeout, "ticketTimeout");
        transport = requireNonNull(builder.transport, "transport");
        if (transport == TransportPolicy.KEEP && mode != ShutdownMode.BIDIRECTIONAL) {
            throw new IllegalArgumentException("mode: " + mode + " (expected: BIDIRECTIONAL, to KEEP the transport)");
        }
    }

    private static Duration requireTimeout(Duration timeout, String name) {
        requireNonNull(timeout, name);
        if (timeout.isNegative() || timeout.compareTo(MAX_TIMEOUT) > 0) {
            throw new IllegalArgumentException(name + ": " + timeout + " (expected: PT0S to " + MAX_TIMEOUT + ')');
        }
        return timeout;
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
     * Returns the policy that shuts down the writing half alone ({@code SSL_shutdown} returning 0): our close_notify is
     * sent, and the application goes on reading, in charge of autoRead, without cap or deadline, until the peer's
     * close_notify. A {@code close()}, or a {@code shutdown} with a policy that does not read on demand, puts the peer
     * under a deadline.
     *
     * @return bidirectional, with a {@link #peerTimeout()} of zero and {@link InboundPolicy#ON_DEMAND}
     */
    public static ShutdownPolicy halfClose() {
        return HALF_CLOSE;
    }

    /**
     * Returns the preset of a mode.
     *
     * @param mode the mode
     * @return {@link #bidirectional()}, {@link #fast()} or {@link #quiet()}
     */
    public static ShutdownPolicy of(ShutdownMode mode) {
        return switch (requireNonNull(mode, "mode")) {
            case BIDIRECTIONAL -> BIDIRECTIONAL;
            case FAST -> FAST;
            case QUIET -> QUIET;
        };
    }

    /**
     * Returns how far the shutdown goes.
     *
     * @return the mode; {@link ShutdownMode#BIDIRECTIONAL} by default
     */
    public ShutdownMode mode() {
        return mode;
    }

    /**
     * Returns how long data written before the shutdown, and our close_notify, may take to reach the kernel. When it is
     * over the result is {@link ShutdownResult#FLUSH_FAILED}.
     *
     * @return the timeout; 3 s by default, zero waits without end
     */
    public Duration flushTimeout() {
        return flushTimeout;
    }

    /**
     * Returns how long to wait for the peer's close_notify once ours has left. When it is over the result is
     * {@link ShutdownResult#PEER_SILENT}.
     *
     * @return the timeout; 5 s by default, zero waits without end
     */
    public Duration peerTimeout() {
        return peerTimeout;
    }

    /**
     * Returns how long, once nothing more is awaited, the transport is kept half-closed (FIN sent) while input is
     * discarded, so that late data never makes the kernel answer with RST and destroy what we sent. It ends early as
     * {@link #lingerEnd()} says.
     *
     * @return the time; 2 s by default, zero closes at once (OpenSSL's literal fast shutdown)
     */
    public Duration linger() {
        return linger;
    }

    /**
     * Returns what ends the linger early.
     *
     * @return {@link LingerEnd#PEER_FIN} by default
     */
    public LingerEnd lingerEnd() {
        return lingerEnd;
    }

    /**
     * Returns what happens to application data that arrives after our close_notify.
     *
     * @return {@link InboundPolicy#DELIVER} by default
     */
    public InboundPolicy inboundAfterCloseNotify() {
        return inboundAfterCloseNotify;
    }

    /**
     * Returns how many bytes of such data are accepted, delivered or discarded, while the peer's close_notify is
     * awaited. Past it the result is {@link ShutdownResult#ABORTED}.
     *
     * @return the cap in bytes; 16 MiB by default, zero accepts none
     */
    public long inboundCap() {
        return inboundCap;
    }

    /**
     * Returns what the end of input without close_notify means.
     *
     * @return {@link TruncationPolicy#FAIL} by default
     */
    public TruncationPolicy onTruncation() {
        return onTruncation;
    }

    /**
     * Returns what to do when the peer's close_notify arrives first.
     *
     * @return {@link PeerClosePolicy#RESPOND} by default
     */
    public PeerClosePolicy onPeerCloseNotify() {
        return onPeerCloseNotify;
    }

    /**
     * Returns how long the application may go on after the peer's close_notify under {@link PeerClosePolicy#DEFER}.
     * When it is over the shutdown goes on by itself: what was written is flushed, later writes fail.
     *
     * @return the timeout; 30 s by default, zero waits without end
     */
    public Duration deferTimeout() {
        return deferTimeout;
    }

    /**
     * Returns how long our close_notify waits for the peer's session tickets, where the engine ignores those that come
     * later (BoringSSL) and this is a TLS 1.3 client that has read nothing since the handshake: without a ticket the
     * session cannot be resumed. Nobody else waits.
     *
     * @return the timeout; 500 ms by default, zero does not wait
     */
    public Duration ticketTimeout() {
        return ticketTimeout;
    }

    /**
     * Returns what becomes of the transport once TLS has ended.
     *
     * @return {@link TransportPolicy#CLOSE} by default
     */
    public TransportPolicy transport() {
        return transport;
    }

    @Override
    public String toString() {
        return "ShutdownPolicy[mode=" + mode + ", flushTimeout=" + flushTimeout + ", peerTimeout=" + peerTimeout
                + ", linger=" + linger + ", lingerEnd=" + lingerEnd
                + ", inboundAfterCloseNotify=" + inboundAfterCloseNotify + ", inboundCap=" + inboundCap
                + ", onTruncation=" + onTruncation + ", onPeerCloseNotify=" + onPeerCloseNotify
                + ", deferTimeout=" + deferTimeout + ", ticketTimeout=" + ticketTimeout
                + ", transport=" + transport + ']';
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

        private ShutdownMode mode = ShutdownMode.BIDIRECTIONAL;
        private Duration flushTimeout = Duration.ofSeconds(3);
        private Duration peerTimeout = Duration.ofSeconds(5);
        private Duration linger = Duration.ofSeconds(2);
        private LingerEnd lingerEnd = LingerEnd.PEER_FIN;
        private InboundPolicy inboundAfterCloseNotify = InboundPolicy.DELIVER;
        private long inboundCap = 16L << 20;
        private TruncationPolicy onTruncation = TruncationPolicy.FAIL;
        private PeerClosePolicy onPeerCloseNotify = PeerClosePolicy.RESPOND;
        private Duration deferTimeout = Duration.ofSeconds(30);
        private Duration ticketTimeout = Duration.ofMillis(500);
        private TransportPolicy transport = TransportPolicy.CLOSE;

        private Builder() {
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
            onPeerCloseNotify = policy.onPeerCloseNotify;
            deferTimeout = policy.deferTimeout;
            ticketTimeout = policy.ticketTimeout;
            transport = policy.transport;
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
         * Sets {@link ShutdownPolicy#onPeerCloseNotify()}.
         *
         * @param onPeerCloseNotify what to do when the peer's close_notify arrives first
         * @return this builder
         */
        public Builder onPeerCloseNotify(PeerClosePolicy onPeerCloseNotify) {
            this.onPeerCloseNotify = onPeerCloseNotify;
            return this;
        }

        /**
         * Sets {@link ShutdownPolicy#deferTimeout()}.
         *
         * @param deferTimeout zero to {@link #MAX_TIMEOUT}; zero waits without end
         * @return this builder
         */
        public Builder deferTimeout(Duration deferTimeout) {
            this.deferTimeout = deferTimeout;
            return this;
        }

        /**
         * Sets {@link ShutdownPolicy#ticketTimeout()}.
         *
         * @param ticketTimeout zero to {@link #MAX_TIMEOUT}; zero does not wait
         * @return this builder
         */
        public Builder ticketTimeout(Duration ticketTimeout) {
            this.ticketTimeout = ticketTimeout;
            return this;
        }

        /**
         * Sets {@link ShutdownPolicy#transport()}.
         *
         * @param transport what becomes of the transport; {@link TransportPolicy#KEEP} needs
         *     {@link ShutdownMode#BIDIRECTIONAL}
         * @return this builder
         */
        public Builder transport(TransportPolicy transport) {
            this.transport = transport;
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
            return new ShutdownPolicy(this);
        }
    }
}
