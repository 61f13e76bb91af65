package io.closenotify.drain;

import io.closenotify.Protocol;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.DefaultChannelId;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Connections with an event loop each, a drain, and the time, which stands still unless told. */
final class Bench {

    static final Duration STEP = Duration.ofMillis(5);

    private final List<EmbeddedChannel> channels = new ArrayList<>();
    private final EmbeddedChannel coordinator = add(new EmbeddedChannel());
    private long nanos;

    /** What happened, in order. */
    final List<String> events = new ArrayList<>();

    /** When each connection was told to close, in milliseconds. */
    final Map<String, Long> closes = new LinkedHashMap<>();

    final ConnectionTracker tracker = new ConnectionTracker();

    private EmbeddedChannel add(EmbeddedChannel channel) {
        channel.freezeTime();
        channels.add(channel);
        return channel;
    }

    ShutdownByHand tls(String name) {
        return connection(Protocol.TLS, name, true);
    }

    ShutdownByHand connection(Protocol protocol, String name, boolean heedsAbort) {
        ShutdownByHand handler = new ShutdownByHand(protocol, name, heedsAbort, () -> {
            events.add("close " + name);
            closes.put(name, TimeUnit.NANOSECONDS.toMillis(nanos));
        });
        tracker.track(channel(handler));
        return handler;
    }

    EmbeddedChannel channel(ChannelHandler... handlers) {
        return add(new EmbeddedChannel(handlers));
    }

    EmbeddedChannel unregistered(ChannelHandler... handlers) {
        return add(new EmbeddedChannel(DefaultChannelId.newInstance(), false, false, handlers));
    }

    /** Nothing runs on its event loop any more. */
    void stall(Channel channel) {
        channels.remove((EmbeddedChannel) channel);
    }

    void resume(EmbeddedChannel channel, Duration missed) {
        channels.add(channel);
        channel.advanceTimeBy(missed.toNanos(), TimeUnit.NANOSECONDS);
    }

    EventExecutor executor() {
        return coordinator.eventLoop();
    }

    Drain.Builder drain() {
        return Drain.builder().connections(tracker).executor(executor()).clock(() -> nanos);
    }

    Future<DrainReport> start(DrainPolicy policy) {
        Future<DrainReport> report = drain().policy(policy).build().start();
        settle();
        return report;
    }

    Promise<Void> promise() {
        return executor().newPromise();
    }

    void advance(Duration time) {
        for (Duration left = time; !left.isZero(); left = left.minus(STEP)) {
            nanos += STEP.toNanos();
            channels.forEach(channel -> channel.advanceTimeBy(STEP.toNanos(), TimeUnit.NANOSECONDS));
            settle();
        }
    }

    /** Runs what is due, until nothing is: each round may hand something to another loop. */
    void settle() {
        for (int round = 0; round < 8; round++) {
            List.copyOf(channels).forEach(EmbeddedChannel::runPendingTasks);
        }
    }

    /** A server that says what it is told. */
    final class Listener implements DrainableServer {

        final Promise<Void> stopped = promise();
        final Promise<Void> idle = promise();

        @Override
        public Future<?> stopAccepting(Consumer<? super Channel> connections) {
            events.add("stop");
            return stopped;
        }

        @Override
        public Future<?> idle() {
            events.add("idle");
            return idle;
        }

        @Override
        public Future<?> close() {
            events.add("closed");
            return executor().newSucceededFuture(null);
        }
    }
}
