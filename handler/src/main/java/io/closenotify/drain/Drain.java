package io.closenotify.drain;

import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownPolicy;
import io.netty.channel.Channel;
import io.netty.channel.ServerChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/**
 * Takes servers out of service: TLS, DTLS, QUIC and plaintext together. Nothing more is accepted, every connection is
 * shut down, under one deadline, and a report tells what came of it.
 *
 * <p><b>One connection</b> is ended on its event loop: first the {@link DrainPolicy#hooks()}, one after the other, then
 * {@code close()} through its pipeline, which shuts it down by the policy of its
 * {@link io.closenotify.ShutdownHandler}; {@code close()}, so that a policy that keeps the transport does not keep it
 * here. One without such a handler is closed, and counted as that. It is over when its transport is closed and its
 * outcome, if there is to be one, is known.
 *
 * <p><b>The connections</b> are those that the servers' channels have accepted since {@link Builder#build()} (build the
 * drain when the server is bound), and those of trackers and groups, late ones included. Connections that the kernel
 * has accepted, and the server channel has not, are reset by the kernel when that is closed: {@link
 * DrainPolicy#refuseDelay()} is for those who send new ones.
 *
 * <p><b>Event loops</b> do this in slices of five milliseconds, between which others have their turn.
 *
 * <p><b>Threading.</b> All methods may be called from any thread. Do not wait for the future on an event loop.
 *
 * <p><b>Timeouts.</b> {@link DrainPolicy#deadline()} for everything. A connection that has neither ended nor an outcome
 * then is forced by {@code abort()}, and counted; one that only lingers loses its transport, and its outcome stands.
 * One that was accepted, and that a handler of the server's channel has kept from its event loop, is closed.
 *
 * <p><b>Errors.</b> The future always succeeds. What failed is in the report, what a server's own listener fails with
 * is logged.
 *
 * <pre>{@code
 * Drain drain = Drain.builder()
 *         .policy(DrainPolicy.kubernetes())
 *         .server(tlsServer)                                          // a ServerChannel
 *         .server(QuicLingerHandler.of(udpChannel).drainable())
 *         .progress(Duration.ofSeconds(1), progress -> log.info("{}", progress))
 *         .build();
 * }</pre>
 *
 * <p><b>A JVM that is told to end</b> (SIGTERM, SIGINT) runs its shutdown hooks. One that waits for the drain is all
 * that is needed; event loops that are daemon threads live until it returns:
 *
 * <pre>{@code
 * Runtime.getRuntime().addShutdownHook(new Thread(() -> {
 *     DrainReport report = drain.start().awaitUninterruptibly().getNow();
 *     log.info("{}", report);
 *     Runtime.getRuntime().halt(report.forced() == 0 ? 0 : 1);        // else the exit code is the signal's
 * }));
 * }</pre>
 *
 * <p><b>Kubernetes</b> sends SIGTERM and takes the pod out of its services at the same time: for seconds new
 * connections still arrive. {@link DrainPolicy#refuseDelay()} serves them ({@link #isStarted()} is for the readiness
 * probe), and makes a {@code preStop} that sleeps unnecessary; where there is one, its time counts as well.
 * {@code terminationGracePeriodSeconds} must be longer than that, the deadline and twice the grace together: SIGKILL
 * tells no peer. {@link DrainPolicy#kubernetes()} fits its default of 30.
 *
 * <p><b>Frameworks</b> end their components in phases: start the drain in the one that stops the server, before the
 * event loops are shut down (in Spring a {@code SmartLifecycle} with a high phase, whose {@code stop(callback)} adds
 * the callback to the future), and let the framework's own timeout for the phase be longer than the deadline.
 */
public final class Drain {

    private final DrainRun run;
    private final AtomicBoolean started = new AtomicBoolean();

    private Drain(DrainRun run) {
        this.run = run;
    }

    /**
     * Returns a builder.
     *
     * @return a new builder, with the policy {@link DrainPolicy#atOnce()}
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Starts the drain, or joins the one that was started.
     *
     * @return succeeds when everything has ended, with the report
     */
    public Future<DrainReport> start() {
        if (started.compareAndSet(false, true)) {
            run.start();
        }
        return run.future();
    }

    /**
     * Tells whether the drain was started: whether the server is not ready for new clients any more.
     *
     * @return {@code true} from the first call of {@link #start()} on
     */
    public boolean isStarted() {
        return started.get();
    }

    /** Builds a {@link Drain}. */
    public static final class Builder {

        private final List<DrainableServer> servers = new ArrayList<>();
        private final List<Channel> listeners = new ArrayList<>();
        private final List<ConnectionTracker> trackers = new ArrayList<>();
        private final List<ChannelGroup> groups = new ArrayList<>();
        private DrainPolicy policy = DrainPolicy.atOnce();
        private DrainListener listener = progress -> { };
        private Duration interval = Duration.ofSeconds(1);
        private EventExecutor executor = GlobalEventExecutor.INSTANCE;
        private LongSupplier clock = System::nanoTime;

        private Builder() {
        }

        /**
         * Sets how to drain.
         *
         * @param policy the policy
         * @return this builder
         */
        public Builder policy(DrainPolicy policy) {
            this.policy = requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Adds a server. Its channel is closed, or that of DTLS told to stop accepting and closed at the end. It gets a
         * {@link ConnectionTracker} at the head of its pipeline by {@link #build()}, if it has none.
         *
         * @param listener what {@code ServerBootstrap.bind} has made
         * @return this builder
         * @throws IllegalArgumentException if it is no {@link ServerChannel}
         */
        public Builder server(Channel listener) {
            if (!(listener instanceof ServerChannel)) {
                throw new IllegalArgumentException("listener: " + listener
                        + " (expected: a ServerChannel; of QUIC: QuicLingerHandler.of(listener).drainable())");
            }
            listeners.add(listener);
            return this;
        }

        /**
         * Adds a server that has no server channel.
         *
         * @param server the server
         * @return this builder
         */
        public Builder server(DrainableServer server) {
            servers.add(requireNonNull(server, "server"));
            return this;
        }

        /**
         * Adds the connections that a tracker knows, and those that it will learn of.
         *
         * @param tracker the tracker
         * @return this builder
         */
        public Builder connections(ConnectionTracker tracker) {
            trackers.add(requireNonNull(tracker, "tracker"));
            return this;
        }

        /**
         * Adds the connections of a group. Those that join it are found within 50 ms, as long as the drain goes on;
         * server channels in it are left alone.
         *
         * @param group the group
         * @return this builder
         */
        public Builder connections(ChannelGroup group) {
            groups.add(requireNonNull(group, "group"));
            return this;
        }

        /**
         * Sets who is told how the drain gets on.
         *
         * @param interval more than zero, at most {@link ShutdownPolicy#MAX_TIMEOUT}
         * @param listener the listener
         * @return this builder
         * @throws IllegalArgumentException if the interval is out of its range
         */
        public Builder progress(Duration interval, DrainListener listener) {
            if (interval.isNegative() || interval.isZero() || interval.compareTo(ShutdownPolicy.MAX_TIMEOUT) > 0) {
                throw new IllegalArgumentException("interval: " + interval
                        + " (expected: > PT0S, at most " + ShutdownPolicy.MAX_TIMEOUT + ')');
            }
            this.interval = interval;
            this.listener = requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Sets what coordinates the drain, and calls its listeners. It should not be one of the event loops drained.
         *
         * @param executor a single thread; {@link GlobalEventExecutor} by default
         * @return this builder
         */
        public Builder executor(EventExecutor executor) {
            this.executor = requireNonNull(executor, "executor");
            return this;
        }

        /** For tests. */
        Builder clock(LongSupplier nanos) {
            clock = nanos;
            return this;
        }

        /**
         * Builds the drain. From now on the servers' connections are known.
         *
         * @return the drain, not started
         */
        public Drain build() {
            List<DrainableServer> allServers = new ArrayList<>(servers);
            List<ConnectionTracker> allTrackers = new ArrayList<>(trackers);
            for (Channel each : listeners) {
                ConnectionTracker present = each.pipeline().get(ConnectionTracker.class);
                ConnectionTracker tracker = present == null ? new ConnectionTracker() : present;
                if (present == null) {
                    each.pipeline().addFirst(tracker);
                }
                allTrackers.add(tracker);
                allServers.add(new ServerListener(each));
            }
            boolean settles = !trackers.isEmpty() || !groups.isEmpty();
            return new Drain(new DrainRun(policy,
                    new DrainRun.Participants(allServers, allTrackers, List.copyOf(groups), settles),
                    listener, interval, executor, clock));
        }
    }
}
