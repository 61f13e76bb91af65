package io.closenotify.drain;

import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownPolicy;
import java.time.Duration;
import java.util.List;

/**
 * How a server is to be drained.
 *
 * <p>Immutable and shareable. Start from a preset, {@link #atOnce()} or {@link #kubernetes()}, and change what differs:
 *
 * <pre>{@code
 * DrainPolicy policy = DrainPolicy.atOnce().toBuilder()
 *         .deadline(Duration.ofSeconds(20))
 *         .spread(Duration.ofSeconds(10))
 *         .build();
 * }</pre>
 *
 * <p><b>Timeouts</b> may not exceed {@link ShutdownPolicy#MAX_TIMEOUT}. {@link #deadline()} is absolute: everything,
 * the delay, the spread and the hooks included, ends by it, but for twice the {@link #grace()}.
 *
 * <p><b>Errors.</b> {@link Builder#build()} refuses what is out of its range; the setters only take note.
 *
 * <p>How each connection is ended is no part of it: that is the policy of its own handler.
 */
public final class DrainPolicy {

    private static final DrainPolicy AT_ONCE = new Builder().build();
    private static final DrainPolicy KUBERNETES = new Builder()
            .refuseDelay(Duration.ofSeconds(5)).spread(Duration.ofSeconds(10)).deadline(Duration.ofSeconds(25)).build();

    private final Duration deadline;
    private final Duration refuseDelay;
    private final Duration spread;
    private final int concurrency;
    private final List<BeforeCloseHook> hooks;
    private final Duration hookTimeout;
    private final Duration grace;
    private final int worstPeers;

    private DrainPolicy(Builder builder) {
        deadline = requireTimeout(builder.deadline, "deadline");
        refuseDelay = requireTimeout(builder.refuseDelay, "refuseDelay");
        spread = requireTimeout(builder.spread, "spread");
        concurrency = requireCount(builder.concurrency, "concurrency");
        hooks = List.copyOf(requireNonNull(builder.hooks, "hooks"));
        hookTimeout = requireTimeout(builder.hookTimeout, "hookTimeout");
        grace = requireTimeout(builder.grace, "grace");
        worstPeers = requireCount(builder.worstPeers, "worstPeers");
        Duration begun = refuseDelay.plus(spread);
        if (!deadline.isZero() && begun.compareTo(deadline) > 0) {
            throw new IllegalArgumentException("refuseDelay and spread: " + begun
                    + " (expected: within the deadline of " + deadline + ')');
        }
    }

    static Duration requireTimeout(Duration timeout, String name) {
        requireNonNull(timeout, name);
        if (timeout.isNegative() || timeout.compareTo(ShutdownPolicy.MAX_TIMEOUT) > 0) {
            throw new IllegalArgumentException(
                    name + ": " + timeout + " (expected: PT0S to " + ShutdownPolicy.MAX_TIMEOUT + ')');
        }
        return timeout;
    }

    private static int requireCount(int count, String name) {
        if (count < 0) {
            throw new IllegalArgumentException(name + ": " + count + " (expected: >= 0)");
        }
        return count;
    }

    /**
     * Returns the default policy: accept nothing more, and shut all connections down as soon as the event loops can,
     * within 15 s.
     *
     * @return the preset without delay or spread
     */
    public static DrainPolicy atOnce() {
        return AT_ONCE;
    }

    /**
     * Returns a policy that fits the default {@code terminationGracePeriodSeconds} of 30: five seconds of service as
     * before, until no node sends new connections here any more, shutdowns over the next ten, and the rest forced at
     * the 25th.
     *
     * @return the preset for a pod without a {@code preStop} hook; with one, take its time off the deadline
     */
    public static DrainPolicy kubernetes() {
        return KUBERNETES;
    }

    /**
     * Returns the time from the start of the drain to its end. What is left then is forced.
     *
     * @return the time; 15 s by default, zero waits without end
     */
    public Duration deadline() {
        return deadline;
    }

    /**
     * Returns how long to go on accepting and serving before the drain begins in earnest: those who send connections
     * here may learn late that they no longer should.
     *
     * @return the time; zero by default: refuse at once
     */
    public Duration refuseDelay() {
        return refuseDelay;
    }

    /**
     * Returns the time over which the shutdowns are started evenly, so that clients do not all come back elsewhere in
     * one moment.
     *
     * @return the time; zero by default: all as soon as the event loops can
     */
    public Duration spread() {
        return spread;
    }

    /**
     * Returns how many connections may be in shutdown at once, from their first hook until their outcome is known. Who
     * lingers behind a known outcome does not count. The time of hooks does: with an idle grace of 1 s for HTTP/1.1 a
     * cap of 100 lets 10,000 idle connections end in 100 s at the earliest.
     *
     * @return the cap; zero, the default, means none
     */
    public int concurrency() {
        return concurrency;
    }

    /**
     * Returns what each connection's own protocol has to say before its shutdown: one after the other, in this order.
     *
     * @return the hooks; none by default
     */
    public List<BeforeCloseHook> hooks() {
        return hooks;
    }

    /**
     * Returns how long each hook may take. When it is over the hook has failed, and the shutdown goes on.
     *
     * @return the timeout; 5 s by default, zero waits until the deadline
     */
    public Duration hookTimeout() {
        return hookTimeout;
    }

    /**
     * Returns how long after the deadline a forced connection may take to end by itself; then its transport is closed,
     * and after as long again, 100 ms at least, the drain is over, whatever an event loop that does not answer may
     * hold.
     *
     * @return the time; 1 s by default, zero closes the transports at the deadline
     */
    public Duration grace() {
        return grace;
    }

    /**
     * Returns how many peers the report names.
     *
     * @return the most; 100 by default, zero names none
     */
    public int worstPeers() {
        return worstPeers;
    }

    @Override
    public String toString() {
        return "DrainPolicy[deadline=" + deadline + ", refuseDelay=" + refuseDelay + ", spread=" + spread
                + ", concurrency=" + concurrency + ", hooks=" + hooks.size() + ", hookTimeout=" + hookTimeout
                + ", grace=" + grace + ", worstPeers=" + worstPeers + ']';
    }

    /**
     * Returns a builder that starts from these values.
     *
     * @return a new builder
     */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Builds a {@link DrainPolicy}. The setters only take note; {@link #build()} checks. */
    public static final class Builder {

        private Duration deadline = Duration.ofSeconds(15);
        private Duration refuseDelay = Duration.ZERO;
        private Duration spread = Duration.ZERO;
        private int concurrency;
        private List<BeforeCloseHook> hooks = List.of();
        private Duration hookTimeout = Duration.ofSeconds(5);
        private Duration grace = Duration.ofSeconds(1);
        private int worstPeers = 100;

        private Builder() {
        }

        private Builder(DrainPolicy policy) {
            deadline = policy.deadline;
            refuseDelay = policy.refuseDelay;
            spread = policy.spread;
            concurrency = policy.concurrency;
            hooks = policy.hooks;
            hookTimeout = policy.hookTimeout;
            grace = policy.grace;
            worstPeers = policy.worstPeers;
        }

        /**
         * Sets {@link DrainPolicy#deadline()}.
         *
         * @param deadline zero to {@link ShutdownPolicy#MAX_TIMEOUT}; zero waits without end
         * @return this builder
         */
        public Builder deadline(Duration deadline) {
            this.deadline = deadline;
            return this;
        }

        /**
         * Sets {@link DrainPolicy#refuseDelay()}.
         *
         * @param refuseDelay zero to {@link ShutdownPolicy#MAX_TIMEOUT}; zero refuses at once
         * @return this builder
         */
        public Builder refuseDelay(Duration refuseDelay) {
            this.refuseDelay = refuseDelay;
            return this;
        }

        /**
         * Sets {@link DrainPolicy#spread()}.
         *
         * @param spread zero to {@link ShutdownPolicy#MAX_TIMEOUT}; zero starts as soon as the event loops can
         * @return this builder
         */
        public Builder spread(Duration spread) {
            this.spread = spread;
            return this;
        }

        /**
         * Sets {@link DrainPolicy#concurrency()}.
         *
         * @param concurrency at least zero; zero means no cap
         * @return this builder
         */
        public Builder concurrency(int concurrency) {
            this.concurrency = concurrency;
            return this;
        }

        /**
         * Sets {@link DrainPolicy#hooks()}.
         *
         * @param hooks what is called for each connection, in this order
         * @return this builder
         */
        public Builder hooks(List<BeforeCloseHook> hooks) {
            this.hooks = hooks;
            return this;
        }

        /**
         * Sets {@link DrainPolicy#hooks()}.
         *
         * @param hooks what is called for each connection, in this order
         * @return this builder
         */
        public Builder hooks(BeforeCloseHook... hooks) {
            return hooks(List.of(hooks));
        }

        /**
         * Sets {@link DrainPolicy#hookTimeout()}.
         *
         * @param hookTimeout zero to {@link ShutdownPolicy#MAX_TIMEOUT}; zero waits until the deadline
         * @return this builder
         */
        public Builder hookTimeout(Duration hookTimeout) {
            this.hookTimeout = hookTimeout;
            return this;
        }

        /**
         * Sets {@link DrainPolicy#grace()}.
         *
         * @param grace zero to {@link ShutdownPolicy#MAX_TIMEOUT}; zero closes the transports at the deadline
         * @return this builder
         */
        public Builder grace(Duration grace) {
            this.grace = grace;
            return this;
        }

        /**
         * Sets {@link DrainPolicy#worstPeers()}.
         *
         * @param worstPeers at least zero; zero names none
         * @return this builder
         */
        public Builder worstPeers(int worstPeers) {
            this.worstPeers = worstPeers;
            return this;
        }

        /**
         * Builds the policy.
         *
         * @return the policy
         * @throws IllegalArgumentException if a value is out of its range, or delay and spread do not fit into the
         *     deadline; the message names it and what was expected
         * @throws NullPointerException if a value is {@code null}; the message names it
         */
        public DrainPolicy build() {
            return new DrainPolicy(this);
        }
    }
}
