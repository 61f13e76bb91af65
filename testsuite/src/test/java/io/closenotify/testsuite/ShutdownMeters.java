package io.closenotify.testsuite;

import io.closenotify.observe.ShutdownMetrics;
import io.closenotify.observe.ShutdownObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

/** The meters of one protocol. */
public final class ShutdownMeters {

    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final ShutdownMetrics metrics = new ShutdownMetrics();
    private final String protocol;

    public ShutdownMeters(String protocol) {
        this.protocol = protocol;
        metrics.bindTo(registry);
    }

    public ShutdownObserver observer() {
        return metrics;
    }

    public double shuttingDown() {
        return registry.get("closenotify.shutting.down").tag("protocol", protocol).gauge().value();
    }

    public double lingering() {
        return registry.get("closenotify.lingering").tag("protocol", protocol).gauge().value();
    }

    public double counted(String name) {
        return registry.get(name).tag("protocol", protocol).counter().count();
    }

    /** How many outcomes there were. */
    public long outcomes() {
        return registry.find("closenotify.shutdown").tag("protocol", protocol).timers().stream()
                .mapToLong(Timer::count).sum();
    }

    public long outcomes(String mode, String result) {
        return registry.get("closenotify.shutdown")
                .tags("protocol", protocol, "mode", mode, "result", result).timer().count();
    }
}
