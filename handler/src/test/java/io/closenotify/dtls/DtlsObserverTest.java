package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ConnectionOutcome;
import io.closenotify.Protocol;
import io.closenotify.ShutdownResult;
import io.closenotify.dtls.DtlsShutdownPhasesTest.Interference;
import io.closenotify.dtls.DtlsShutdownPhasesTest.Stage;
import io.closenotify.dtls.EmbeddedDtlsPair.Side;
import io.closenotify.observe.ShutdownMetrics;
import io.closenotify.observe.ShutdownObserver;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.Channel;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DtlsObserverTest {

    /** Throws, whatever it is told. */
    private static final ShutdownObserver THROWING = (ShutdownObserver) Proxy.newProxyInstance(
            ShutdownObserver.class.getClassLoader(), new Class<?>[] {ShutdownObserver.class},
            (proxy, method, arguments) -> {
                throw new AssertionError(method.getName());
            });

    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final List<String> told = new ArrayList<>();

    private final ShutdownObserver observer = new ShutdownObserver() {

        @Override
        public void shutdownStarted(Channel channel, Protocol protocol) {
            told.add("started " + protocol);
        }

        @Override
        public void shutdownEnded(Channel channel, ConnectionOutcome outcome) {
            told.add("ended " + outcome.result());
        }

        @Override
        public void lingerStarted(Protocol protocol) {
            told.add("lingers " + protocol);
        }

        @Override
        public void lingerEnded(Protocol protocol) {
            told.add("lingered " + protocol);
        }
    };

    private EmbeddedDtlsPair pair(ShutdownObserver ofClient) {
        return new EmbeddedDtlsPair(DtlsContexts.withoutTickets(), DtlsContexts.withoutTickets(),
                builder -> builder.observer(ofClient), builder -> builder);
    }

    private ShutdownMetrics metrics() {
        ShutdownMetrics metrics = new ShutdownMetrics();
        metrics.bindTo(registry);
        return metrics;
    }

    @Test
    void the_start_the_linger_and_the_outcome_are_told_in_their_order() {
        try (EmbeddedDtlsPair pair = pair(observer).handshake()) {
            assertThat(told).isEmpty();
            pair.client.handler.shutdown();
            assertThat(told).containsExactly("started DTLS");
            pair.exchange();
            assertThat(told).containsExactly("started DTLS", "lingers DTLS", "ended CLEAN");
            pair.pass(2_000);
            assertThat(told).containsExactly("started DTLS", "lingers DTLS", "ended CLEAN", "lingered DTLS");
        }
    }

    static List<Object[]> interferences() {
        return DtlsShutdownPhasesTest.interferences();
    }

    @ParameterizedTest
    @MethodSource("interferences")
    void gauges_come_back_to_zero_however_a_connection_ends(Stage stage, Interference interference) {
        try (EmbeddedDtlsPair pair = stage.reach(pair(metrics()))) {
            Side side = pair.client;
            interference.done.accept(side);
            for (int passed = 0; passed < 70_000; passed += 500) {
                EmbeddedDtlsPair.carry(side, pair.server);
                EmbeddedDtlsPair.drop(pair.server);
                pair.pass(500);
            }
            assertThat(gauges("closenotify.shutting.down")).containsOnly(0.0);
            assertThat(gauges("closenotify.lingering")).containsOnly(0.0);
            assertThat(registry.find("closenotify.shutdown").timers().stream().mapToLong(timer -> timer.count()).sum())
                    .isEqualTo(side.outcome() == null ? 0 : 1);
        }
    }

    private List<Double> gauges(String name) {
        return registry.get(name).gauges().stream().map(Gauge::value).toList();
    }

    @Test
    void a_failed_handshake_is_a_forced_shutdown() {
        try (EmbeddedDtlsPair pair = pair(metrics())) {
            pair.client.handler.abort();
            pair.client.channel.runPendingTasks();
            assertThat(pair.client.outcome().result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(registry.get("closenotify.forced").tag("protocol", "dtls").counter().count()).isOne();
            assertThat(gauges("closenotify.shutting.down")).containsOnly(0.0);
        }
    }

    @Test
    void an_observer_that_throws_harms_no_shutdown() {
        try (EmbeddedDtlsPair pair = pair(THROWING).handshake()) {
            pair.client.handler.shutdown();
            pair.exchange();
            assertThat(pair.client.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
            pair.pass(2_000);
            assertThat(pair.client.channel.isOpen()).isFalse();
        }
    }
}
