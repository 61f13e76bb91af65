package io.closenotify.observe;

import io.closenotify.ConnectionOutcome;
import io.closenotify.Protocol;
import io.closenotify.ShutdownResult;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.netty.channel.Channel;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Meters of all shutdowns that it is told of, for registries of Micrometer. Needs {@code micrometer-core}, which
 * nothing else does.
 *
 * <ul>
 * <li>{@code closenotify.shutdown}, a timer by protocol, mode and result: how many shutdowns ended so, and how long
 * they took from their start to their outcome;
 * <li>{@code closenotify.shutting.down}, a gauge by protocol: connections between the start of their shutdown and its
 * outcome;
 * <li>{@code closenotify.lingering}, a gauge by protocol: connections that linger, see {@link ShutdownObserver}. One
 * whose outcome waits for the end of its linger is shutting down as well;
 * <li>{@code closenotify.forced}, a counter by protocol: outcomes {@link ShutdownResult#ABORTED}, forced by the caller
 * or a cap, or given up during the handshake;
 * <li>{@code closenotify.truncated}, a counter by protocol: outcomes {@link ShutdownResult#TRUNCATED}.
 * </ul>
 *
 * <p>Gauges and counters are there from the beginning, for each protocol; timers from the first of their outcomes on.
 *
 * <p><b>Threading.</b> All methods may be called from any thread. Bind it before the first shutdown: timers and
 * counters of a registry tell what happens while it is bound.
 *
 * <p><b>Errors.</b> What a registry throws is logged by the handlers, as with every observer. The other registries are
 * told all the same.
 *
 * <pre>{@code
 * ShutdownMetrics metrics = new ShutdownMetrics();
 * metrics.bindTo(registry);
 * TlsShutdownHandler.builder().observer(metrics).build();
 * }</pre>
 */
public final class ShutdownMetrics implements MeterBinder, ShutdownObserver {

    private static final String PROTOCOL = "protocol";
    private static final String CONNECTIONS = "connections";

    private final Tags tags;
    private final Map<Protocol, AtomicInteger> shuttingDown = zeros();
    private final Map<Protocol, AtomicInteger> lingering = zeros();
    private final List<Bound> bound = new CopyOnWriteArrayList<>();

    /** Creates meters without further tags. */
    public ShutdownMetrics() {
        this(List.of());
    }

    /**
     * Creates meters with further tags.
     *
     * @param tags go to each meter, such as the name of a server
     */
    public ShutdownMetrics(Iterable<Tag> tags) {
        this.tags = Tags.of(tags);
    }

    private static Map<Protocol, AtomicInteger> zeros() {
        Map<Protocol, AtomicInteger> zeros = new EnumMap<>(Protocol.class);
        for (Protocol protocol : Protocol.values()) {
            zeros.put(protocol, new AtomicInteger());
        }
        return zeros;
    }

    /** Binds to one more registry; again to the same one does nothing. */
    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        if (bound.stream().anyMatch(present -> present.registry() == registry)) {
            return;
        }
        gauges(registry, "closenotify.shutting.down",
                "Connections between the start of their shutdown and its outcome", shuttingDown);
        gauges(registry, "closenotify.lingering",
                "Connections kept after all was said, so that nothing sent is lost", lingering);
        bound.add(new Bound(registry, tags,
                counters(registry, "closenotify.forced", "Shutdowns that were forced, or given up in the handshake"),
                counters(registry, "closenotify.truncated", "Connections whose input ended without a close")));
    }

    private void gauges(MeterRegistry registry, String name, String description,
            Map<Protocol, AtomicInteger> counts) {
        counts.forEach((protocol, count) -> Gauge.builder(name, count, AtomicInteger::get)
                .description(description).baseUnit(CONNECTIONS).tags(tags.and(PROTOCOL, label(protocol)))
                .strongReference(true)
                .register(registry));
    }

    private Map<Protocol, Counter> counters(MeterRegistry registry, String name, String description) {
        Map<Protocol, Counter> counters = new EnumMap<>(Protocol.class);
        for (Protocol protocol : Protocol.values()) {
            counters.put(protocol, Counter.builder(name).description(description).baseUnit(CONNECTIONS)
                    .tags(tags.and(PROTOCOL, label(protocol))).register(registry));
        }
        return counters;
    }

    private static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    // As told by the handlers

    @Override
    public void shutdownStarted(Channel channel, Protocol protocol) {
        add(shuttingDown, protocol, 1);
    }

    @Override
    public void shutdownEnded(Channel channel, ConnectionOutcome outcome) {
        add(shuttingDown, outcome.protocol(), -1);
        RuntimeException failure = null;
        for (Bound registry : bound) {
            try {
                registry.record(outcome);
            } catch (RuntimeException e) {
                // Of one registry: the others are told first.
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void lingerStarted(Protocol protocol) {
        add(lingering, protocol, 1);
    }

    @Override
    public void lingerEnded(Protocol protocol) {
        add(lingering, protocol, -1);
    }

    private static void add(Map<Protocol, AtomicInteger> counts, Protocol protocol, int change) {
        AtomicInteger count = counts.get(protocol);
        if (count != null) {
            count.addAndGet(change);
        }
    }

    /** The meters of one registry. */
    private record Bound(MeterRegistry registry, Tags tags, Map<Protocol, Counter> forced,
            Map<Protocol, Counter> truncated) {

        void record(ConnectionOutcome outcome) {
            Timer.builder("closenotify.shutdown")
                    .description("Shutdowns, from their start to their outcome")
                    .tags(tags.and(PROTOCOL, label(outcome.protocol()),
                            "mode", label(outcome.mode()), "result", label(outcome.result())))
                    .register(registry)
                    .record(outcome.elapsed());
            Map<Protocol, Counter> counters = switch (outcome.result()) {
                case ABORTED -> forced;
                case TRUNCATED -> truncated;
                default -> Map.of();
            };
            Counter counter = counters.get(outcome.protocol());
            if (counter != null) {
                counter.increment();
            }
        }
    }
}
