package io.closenotify.drain;

import static java.util.Objects.requireNonNull;

import io.closenotify.ConnectionOutcome;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.ServerChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A drain at work. All on its executor, but for {@link #start()}; what must happen elsewhere comes back as a task. */
final class DrainRun {

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(DrainRun.class);

    private static final long SHORTEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** How often to look for what nobody tells: new members of groups, event loops that have ended. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** Who keeps book himself may do so this much later than a connection was accepted. */
    private static final long SETTLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final DrainPolicy policy;
    private final Participants participants;
    private final DrainListener listener;
    private final Duration interval;
    private final EventExecutor executor;
    private final LongSupplier clock;
    private final Promise<DrainReport> promise;
    private final Consumer<Channel> announced;
    private final Map<Channel, Entry> live = new LinkedHashMap<>();
    private final Queue<Entry> waiting = new ArrayDeque<>();
    private final List<Channel> unregistered = new ArrayList<>();
    private final Set<Channel> lost = new HashSet<>();
    private final Map<EventLoop, LoopWorker> workers = new HashMap<>();
    private final List<Future<?>> timers = new ArrayList<>();
    private final DrainBooks books;
    private Stage stage = Stage.ACCEPTING;
    private Pace pace = new Pace(0, 0, 0);
    private @Nullable Future<?> pumpTimer;
    private long begin;
    private long settledAt;
    private int started;
    private int inShutdown;
    private int mostInShutdown;
    private long firstStart;
    private long lastStart;
    private boolean expired;

    private enum Stage { ACCEPTING, CONNECTIONS, IDLE, CLOSING, OVER }

    /**
     * Who takes part.
     *
     * @param trackers those in the pipelines of the servers included
     * @param settles whether connections may become known late
     */
    record Participants(List<DrainableServer> servers, List<ConnectionTracker> trackers, List<ChannelGroup> groups,
            boolean settles) {
    }

    /** What is known of one connection. */
    private final class Entry implements DrainedConnection.Observer {

        private final Channel channel;
        private final LoopWorker worker;
        private final DrainedConnection connection;
        private long startedAt = clock.getAsLong();
        private long elapsed;
        private boolean begun;
        private boolean counts;
        private boolean settled;
        private boolean closed;
        private boolean cutShort;
        private boolean forced;
        private @Nullable ConnectionOutcome outcome;
        private @Nullable Throwable cause;

        Entry(Channel channel, LoopWorker worker) {
            this.channel = channel;
            this.worker = worker;
            connection = new DrainedConnection(channel, worker, policy, this);
        }

        @Override
        public void started() {
            long now = clock.getAsLong();
            on(() -> {
                startedAt = now;
                if (now - lastStart > 0) {
                    lastStart = now;
                }
            });
        }

        @Override
        public void hookFailed() {
            on(books::hookFailed);
        }

        @Override
        public void settled(@Nullable ConnectionOutcome known) {
            long now = clock.getAsLong();
            on(() -> {
                if (!settled) {
                    settled = true;
                    outcome = known;
                    cause = known == null ? cause : known.cause();
                    elapsed = now - startedAt;
                    progressed(this);
                }
            });
        }

        @Override
        public void aborted(boolean pending) {
            on(() -> cutShort(this, pending));
        }
    }

    DrainRun(DrainPolicy policy, Participants participants, DrainListener listener, Duration interval,
            EventExecutor executor, LongSupplier clock) {
        this.policy = policy;
        this.participants = participants;
        this.listener = listener;
        this.interval = interval;
        this.executor = executor;
        this.clock = clock;
        promise = executor.newPromise();
        promise.setUncancellable();
        books = new DrainBooks(policy.worstPeers());
        announced = this::announce;
    }

    Future<DrainReport> future() {
        return promise;
    }

    void start() {
        on(() -> {
            begin = clock.getAsLong();
            in(policy.refuseDelay().toNanos(), this::refuse);
            if (!policy.deadline().isZero()) {
                long deadline = policy.deadline().toNanos();
                long grace = policy.grace().toNanos();
                in(deadline, this::expire);
                in(deadline + grace, this::closeTransports);
                // Without grace, too, what the event loops have to tell must get here.
                in(deadline + grace + settling(), this::giveUp);
            }
        });
    }

    private void on(Runnable task) {
        executor.execute(task);
    }

    private void in(long nanos, Runnable task) {
        timers.add(executor.schedule(task, nanos, TimeUnit.NANOSECONDS));
    }

    private void every(long nanos, Runnable task) {
        timers.add(executor.scheduleAtFixedRate(task, nanos, nanos, TimeUnit.NANOSECONDS));
    }

    // Nothing more is accepted

    private void refuse() {
        participants.trackers().forEach(tracker -> tracker.tell(announced));
        all(server -> server.stopAccepting(announced), this::begin);
        // A listener's loop may not answer.
        in(settling(), this::begin);
    }

    /** How long to wait for event loops that may not answer. */
    private long settling() {
        return Math.max(SETTLE_NANOS, policy.grace().toNanos());
    }

    /** Calls each server; goes on when all are done. */
    private void all(Function<DrainableServer, Future<?>> step, Runnable then) {
        List<Future<?>> steps = participants.servers().stream().<Future<?>>map(server -> call(server, step)).toList();
        int[] left = {steps.size()};
        if (steps.isEmpty()) {
            // Behind what the trackers have announced.
            on(then);
        }
        for (Future<?> future : steps) {
            Runnable done = () -> {
                if (!future.isSuccess()) {
                    LOGGER.warn("a server failed during its drain", future.cause());
                }
                left[0]--;
                if (left[0] == 0) {
                    then.run();
                }
            };
            if (future.isDone()) {
                // A future tells its listeners on its event loop, which may be no more.
                on(done);
            } else {
                future.addListener(unused -> on(done));
            }
        }
    }

    private Future<?> call(DrainableServer server, Function<DrainableServer, Future<?>> step) {
        try {
            return requireNonNull(step.apply(server), "the server's future");
        } catch (Throwable e) {
            return executor.newFailedFuture(e);
        }
    }

    private void begin() {
        if (stage != Stage.ACCEPTING) {
            return;
        }
        long now = clock.getAsLong();
        settledAt = participants.settles() ? now + SETTLE_NANOS : now;
        look();
        stage = Stage.CONNECTIONS;
        pace = new Pace(now, waiting.size(), policy.spread().toNanos());
        firstStart = now;
        lastStart = now;
        tell();
        pump();
        endIfDone();
        if (stage != Stage.OVER) {
            every(LOOK_NANOS, () -> {
                look();
                endIfDone();
            });
            every(interval.toNanos(), this::tell);
        }
    }

    // Finding the connections

    private void look() {
        for (ChannelGroup group : participants.groups()) {
            for (Channel channel : group) {
                if (!(channel instanceof ServerChannel)) {
                    adopt(channel);
                }
            }
        }
        List<Channel> again = List.copyOf(unregistered);
        unregistered.clear();
        again.forEach(this::adopt);
        if (workers.values().stream().anyMatch(LoopWorker::isGone)) {
            entries().stream().filter(entry -> entry.worker.isGone()).forEach(this::lose);
        }
    }

    /** Any thread. */
    private void announce(Channel channel) {
        on(() -> adopt(channel));
    }

    private List<Entry> entries() {
        return List.copyOf(live.values());
    }

    private void adopt(Channel channel) {
        if (stage == Stage.OVER || !channel.isOpen() || live.containsKey(channel) || lost.contains(channel)) {
            return;
        }
        if (!channel.isRegistered()) {
            // Accepted, but not yet with its event loop.
            unregistered.add(channel);
            return;
        }
        Entry entry = new Entry(channel, workers.computeIfAbsent(channel.eventLoop(), this::newWorker));
        live.put(channel, entry);
        waiting.add(entry);
        channel.closeFuture().addListener(unused -> on(() -> closed(entry)));
        if (expired) {
            abort(entry);
        } else {
            pump();
        }
    }

    private LoopWorker newWorker(EventLoop loop) {
        LoopWorker worker = new LoopWorker(loop, clock);
        try {
            worker.start();
        } catch (RejectedExecutionException e) {
            LOGGER.debug("{} has ended", loop, e);
        }
        return worker;
    }

    // Starting the shutdowns

    private void pump() {
        if (stage == Stage.ACCEPTING || expired) {
            return;
        }
        int due = pace.due(clock.getAsLong());
        while (!waiting.isEmpty() && started < due && !isFull()) {
            Entry next = waiting.remove();
            if (!next.begun) {
                next.begun = true;
                next.counts = true;
                started++;
                inShutdown++;
                mostInShutdown = Math.max(mostInShutdown, inShutdown);
                submit(next, next.connection::start);
            }
        }
        if (!waiting.isEmpty() && !isFull() && pumpTimer == null) {
            long pause = Math.max(SHORTEST_PAUSE_NANOS, pace.next(started) - clock.getAsLong());
            pumpTimer = executor.schedule(() -> {
                pumpTimer = null;
                pump();
            }, pause, TimeUnit.NANOSECONDS);
        }
    }

    private boolean isFull() {
        return policy.concurrency() > 0 && inShutdown >= policy.concurrency();
    }

    private void submit(Entry entry, Runnable task) {
        try {
            entry.worker.submit(task);
        } catch (RejectedExecutionException e) {
            lose(entry);
        }
    }

    // Their ends

    private void closed(Entry entry) {
        entry.closed = true;
        if (!entry.begun) {
            // By itself.
            entry.begun = true;
            submit(entry, entry.connection::joinOutcome);
        } else if (!entry.settled) {
            // Perhaps by itself, in the midst of a hook.
            try {
                entry.worker.submit(entry.connection::joinOutcome);
            } catch (RejectedExecutionException e) {
                LOGGER.debug("{} was closed by the end of its event loop", entry.channel, e);
            }
        } else if (entry.outcome == null) {
            entry.elapsed = clock.getAsLong() - entry.startedAt;
        }
        progressed(entry);
    }

    /** Its event loop is no more, or does not answer. */
    private void lose(Entry entry) {
        lost.add(entry.channel);
        entry.begun = true;
        entry.closed = true;
        if (!entry.settled) {
            entry.settled = true;
            entry.elapsed = clock.getAsLong() - entry.startedAt;
            entry.cause = new RejectedExecutionException("the event loop of the connection does not answer");
        }
        progressed(entry);
    }

    private void progressed(Entry entry) {
        if (entry.counts && (entry.closed || entry.outcome != null)) {
            entry.counts = false;
            inShutdown--;
            pump();
        }
        if (entry.closed && entry.settled && live.remove(entry.channel) != null) {
            ConnectionOutcome outcome = entry.outcome;
            books.ended(new DrainedPeer(entry.connection.peer(), outcome == null ? null : outcome.protocol(),
                    outcome == null ? null : outcome.result(), entry.forced, Duration.ofNanos(entry.elapsed),
                    entry.cause), outcome);
            endIfDone();
        }
    }

    // The deadline

    private void expire() {
        expired = true;
        // A listener's loop may not have answered.
        begin();
        entries().forEach(this::abort);
        look();
        closeUnregistered();
        if (stage == Stage.IDLE) {
            closeServers();
        }
    }

    private void abort(Entry entry) {
        entry.begun = true;
        submit(entry, entry.connection::abort);
    }

    private void cutShort(Entry entry, boolean pending) {
        if (entry.cutShort) {
            return;
        }
        entry.cutShort = true;
        entry.forced = pending;
        if (pending) {
            books.forced++;
        } else {
            books.lingerCut();
        }
    }

    private void closeTransports() {
        entries().forEach(entry -> submit(entry, entry.connection::closeTransport));
    }

    /** Some handler of the server's keeps them from their event loops: nobody but we will end them. */
    private void closeUnregistered() {
        for (Channel channel : unregistered) {
            DrainedPeer peer = new DrainedPeer(channel.remoteAddress(), null, null, true, Duration.ofNanos(elapsed()),
                    new IllegalStateException("the connection was never registered with an event loop"));
            lost.add(channel);
            channel.unsafe().closeForcibly();
            books.forced++;
            books.ended(peer, null);
        }
        unregistered.clear();
    }

    private void giveUp() {
        closeUnregistered();
        entries().forEach(entry -> {
            cutShort(entry, entry.outcome == null);
            lose(entry);
        });
        endIfDone();
    }

    // The end

    private void endIfDone() {
        if (stage == Stage.CONNECTIONS && live.isEmpty() && unregistered.isEmpty()
                && clock.getAsLong() - settledAt >= 0) {
            stage = Stage.IDLE;
            if (expired) {
                closeServers();
            } else {
                all(DrainableServer::idle, this::closeServers);
            }
        }
    }

    private void closeServers() {
        if (stage == Stage.IDLE) {
            stage = live.isEmpty() ? Stage.CLOSING : Stage.CONNECTIONS;
            if (stage == Stage.CLOSING) {
                in(settling(), this::finish);
                all(DrainableServer::close, this::finish);
            }
        }
    }

    private void finish() {
        if (stage == Stage.OVER) {
            return;
        }
        stage = Stage.OVER;
        participants.trackers().forEach(tracker -> tracker.silence(announced));
        workers.values().forEach(LoopWorker::stop);
        timers.forEach(timer -> timer.cancel(false));
        if (pumpTimer != null) {
            pumpTimer.cancel(false);
        }
        tell();
        long longestStall = workers.values().stream().mapToLong(LoopWorker::longestStall).max().orElse(0);
        promise.setSuccess(books.report(Duration.ofNanos(elapsed()), Duration.ofNanos(lastStart - firstStart),
                mostInShutdown, Duration.ofNanos(longestStall)));
    }

    // Progress

    private long elapsed() {
        return clock.getAsLong() - begin;
    }

    private void tell() {
        int closing = (int) live.values().stream().filter(entry -> entry.begun).count();
        int open = live.size() - closing;
        DrainProgress progress = new DrainProgress(open, closing, books.ended, books.forced,
                Duration.ofNanos(elapsed()), eta(open, live.size()));
        try {
            listener.progress(progress);
        } catch (Throwable e) {
            LOGGER.warn("a DrainListener threw", e);
        }
    }

    private @Nullable Duration eta(int open, int left) {
        if (left == 0) {
            return Duration.ZERO;
        }
        long now = clock.getAsLong();
        long deadline = policy.deadline().isZero()
                ? Long.MAX_VALUE : Math.max(0, policy.deadline().toNanos() - elapsed());
        if (books.ended == 0) {
            return policy.deadline().isZero() ? null : Duration.ofNanos(deadline);
        }
        long atThisRate = (long) ((double) (now - pace.start()) * left / books.ended);
        return Duration.ofNanos(Math.min(deadline, Math.max(atThisRate, open == 0 ? 0 : pace.left(now))));
    }
}
