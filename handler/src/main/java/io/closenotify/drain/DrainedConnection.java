package io.closenotify.drain;

import static java.util.Objects.requireNonNull;

import io.closenotify.ConnectionOutcome;
import io.closenotify.OutcomeFuture;
import io.closenotify.ShutdownHandler;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Ends one connection: hooks, close, outcome. On its event loop, unless said otherwise. */
final class DrainedConnection {

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(DrainedConnection.class);

    private final Channel channel;
    private final LoopWorker worker;
    private final List<BeforeCloseHook> hooks;
    private final Duration hookTimeout;
    private final Observer observer;
    private final @Nullable ShutdownHandler handlerAtFirst;
    private final @Nullable SocketAddress peer;
    private int nextHook;
    private @Nullable ScheduledFuture<?> hookTimer;
    private boolean ending;
    private boolean joined;
    private boolean settled;
    private boolean outcomeKnown;

    /** Is told what happens, on the event loop, each once but for the hooks. */
    interface Observer {

        /** The first hook, or the shutdown, has begun. */
        void started();

        /** A hook threw, failed, or was not done in time. */
        void hookFailed();

        /**
         * There is an outcome, or there will be none.
         *
         * @param outcome {@code null} if there will be none
         */
        void settled(@Nullable ConnectionOutcome outcome);

        /**
         * It was cut short.
         *
         * @param pending whether it had no outcome
         */
        void aborted(boolean pending);
    }

    /** Any thread. */
    DrainedConnection(Channel channel, LoopWorker worker, DrainPolicy policy, Observer observer) {
        this.channel = channel;
        this.worker = worker;
        hooks = policy.hooks();
        hookTimeout = policy.hookTimeout();
        this.observer = observer;
        // Both are forgotten when the connection ends by itself.
        handlerAtFirst = shutdownHandler();
        SocketAddress known = handlerAtFirst == null ? null : handlerAtFirst.peerAddress();
        peer = known == null ? channel.remoteAddress() : known;
    }

    /** Any thread. */
    @Nullable SocketAddress peer() {
        return peer;
    }

    /** Of TLS in TLS the inner one: it is the one that {@code close()} meets first. */
    private @Nullable ShutdownHandler shutdownHandler() {
        ShutdownHandler found = null;
        for (Map.Entry<String, ChannelHandler> each : channel.pipeline()) {
            if (each.getValue() instanceof ShutdownHandler handler) {
                found = handler;
            }
        }
        return found;
    }

    void start() {
        observer.started();
        if (channel.isOpen()) {
            runHooks();
        } else {
            joinOutcome();
        }
    }

    private void runHooks() {
        while (!ending && nextHook < hooks.size()) {
            int own = nextHook;
            Future<?> done;
            try {
                done = requireNonNull(hooks.get(own).beforeClose(channel), "the hook's future");
            } catch (Throwable e) {
                hookDone(own, e);
                continue;
            }
            if (!done.isDone()) {
                if (!hookTimeout.isZero()) {
                    hookTimer = channel.eventLoop().schedule(() -> hookTimedOut(own),
                            hookTimeout.toNanos(), TimeUnit.NANOSECONDS);
                }
                done.addListener(unused -> channel.eventLoop().execute(() -> {
                    if (hookDone(own, done.cause())) {
                        runHooks();
                    }
                }));
                return;
            }
            hookDone(own, done.cause());
        }
        if (!ending) {
            end();
        }
    }

    private void hookTimedOut(int hook) {
        if (hookDone(hook, new IllegalStateException("not done within " + hookTimeout))) {
            // In its turn: those of many connections time out together.
            worker.submit(this::runHooks);
        }
    }

    /** Returns whether it was this hook that was waited for. */
    private boolean hookDone(int hook, @Nullable Throwable failure) {
        if (ending || nextHook != hook) {
            return false;
        }
        nextHook++;
        stopHookTimer();
        if (failure != null) {
            LOGGER.debug("{} {} failed", channel, hooks.get(hook), failure);
            observer.hookFailed();
        }
        return true;
    }

    private void stopHookTimer() {
        if (hookTimer != null) {
            hookTimer.cancel(false);
            hookTimer = null;
        }
    }

    private void end() {
        ending = true;
        ShutdownHandler handler = shutdownHandler();
        // Not shutdown() alone: by its policy the transport might be kept.
        channel.close();
        join(handler == null && !channel.isOpen() ? handlerAtFirst : handler);
    }

    /** The connection has ended by itself. */
    void joinOutcome() {
        if (!ending) {
            ending = true;
            stopHookTimer();
            join(handlerAtFirst);
        }
    }

    private void join(@Nullable ShutdownHandler handler) {
        if (handler == null) {
            settle(null);
            return;
        }
        try {
            settleBy(handler.shutdown());
        } catch (IllegalStateException e) {
            // It left the pipeline without an outcome.
            settle(null);
        }
    }

    private void settleBy(OutcomeFuture<?> future) {
        joined = true;
        future.addListener(unused -> settle(future.outcome()));
    }

    private void settle(@Nullable ConnectionOutcome outcome) {
        if (!settled) {
            settled = true;
            outcomeKnown = outcome != null;
            observer.settled(outcome);
        }
    }

    /** Does without the rest of the protocol. */
    void abort() {
        ending = true;
        stopHookTimer();
        if (!channel.isOpen()) {
            joinOnce();
            return;
        }
        observer.aborted(!outcomeKnown);
        ShutdownHandler handler = shutdownHandler();
        if (handler == null) {
            closeTransport();
            return;
        }
        try {
            OutcomeFuture<?> aborted = handler.abort();
            if (aborted.isDone() && aborted.outcome() == null) {
                // There was nothing to be aborted.
                closeTransport();
            } else {
                settleBy(aborted);
            }
        } catch (IllegalStateException e) {
            closeTransport();
        }
    }

    /** Closes past all handlers. */
    void closeTransport() {
        ChannelHandlerContext first = channel.pipeline().firstContext();
        if (first != null) {
            first.close();
        }
        joinOnce();
    }

    private void joinOnce() {
        if (!joined) {
            join(handlerAtFirst);
        }
    }
}
