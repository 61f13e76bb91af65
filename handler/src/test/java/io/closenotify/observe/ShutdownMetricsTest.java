package io.closenotify.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.Protocol;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ShutdownMetricsTest {

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final MeterRegistry registry = new SimpleMeterRegistry();

    @Test
    void a_timer_by_protocol_mode_and_result_tells_how_many_and_how_long() {
        ShutdownMetrics metrics = bound();
        end(metrics, Protocol.TLS, ShutdownResult.CLEAN);
        end(metrics, Protocol.TLS, ShutdownResult.CLEAN);
        end(metrics, Protocol.DTLS, ShutdownResult.CLEAN);
        assertThat(registry.get("closenotify.shutdown")
                .tags("protocol", "tls", "mode", "bidirectional", "result", "clean").timer())
                .satisfies(timer -> {
                    assertThat(timer.count()).isEqualTo(2);
                    assertThat(timer.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(12);
                });
    }

    @Test
    void what_was_forced_and_truncated_is_counted_and_nothing_else() {
        ShutdownMetrics metrics = bound();
        for (ShutdownResult result : ShutdownResult.values()) {
            end(metrics, Protocol.DTLS, result);
        }
        assertThat(count("closenotify.forced", "dtls")).isOne();
        assertThat(count("closenotify.truncated", "dtls")).isOne();
        assertThat(count("closenotify.forced", "tls")).isZero();
    }

    @Test
    void gauges_follow_each_protocol_by_itself() {
        ShutdownMetrics metrics = bound();
        metrics.shutdownStarted(channel, Protocol.QUIC);
        metrics.lingerStarted(Protocol.TLS);
        metrics.lingerStarted(Protocol.TLS);
        assertThat(gauge("closenotify.shutting.down", "quic")).isEqualTo(1);
        assertThat(gauge("closenotify.shutting.down", "tls")).isZero();
        assertThat(gauge("closenotify.lingering", "tls")).isEqualTo(2);
        metrics.lingerEnded(Protocol.TLS);
        assertThat(gauge("closenotify.lingering", "tls")).isEqualTo(1);
    }

    @Test
    void one_serves_several_registries_each_with_its_tags() {
        ShutdownMetrics metrics = new ShutdownMetrics(List.of(Tag.of("server", "mail")));
        MeterRegistry other = new SimpleMeterRegistry();
        metrics.bindTo(registry);
        metrics.bindTo(other);
        end(metrics, Protocol.TLS, ShutdownResult.ABORTED);
        for (MeterRegistry each : List.of(registry, other)) {
            assertThat(each.getMeters()).isNotEmpty()
                    .allSatisfy(meter -> assertThat(meter.getId().getTag("server")).isEqualTo("mail"));
            assertThat(each.get("closenotify.shutdown").timer().count()).isOne();
            assertThat(each.get("closenotify.forced").tag("protocol", "tls").counter().count()).isOne();
        }
    }

    @Test
    void a_registry_that_is_bound_twice_is_told_once() {
        ShutdownMetrics metrics = bound();
        metrics.bindTo(registry);
        end(metrics, Protocol.TLS, ShutdownResult.ABORTED);

        assertThat(registry.get("closenotify.shutdown").timer().count()).isOne();
        assertThat(count("closenotify.forced", "tls")).isOne();
    }

    @Test
    void a_registry_that_throws_keeps_nothing_from_the_others() {
        ShutdownMetrics metrics = new ShutdownMetrics();
        MeterRegistry broken = new SimpleMeterRegistry() {
            @Override
            protected Timer newTimer(Meter.Id id, DistributionStatisticConfig config, PauseDetector pauses) {
                throw new IllegalStateException("no timers here");
            }
        };
        metrics.bindTo(broken);
        metrics.bindTo(registry);
        assertThatThrownBy(() -> end(metrics, Protocol.TLS, ShutdownResult.ABORTED))
                .isInstanceOf(IllegalStateException.class).hasMessage("no timers here");
        assertThat(registry.get("closenotify.shutdown").timer().count()).isOne();
        assertThat(count("closenotify.forced", "tls")).isOne();
        assertThat(gauge("closenotify.shutting.down", "tls")).isZero();
    }

    private ShutdownMetrics bound() {
        ShutdownMetrics metrics = new ShutdownMetrics();
        metrics.bindTo(registry);
        return metrics;
    }

    private void end(ShutdownMetrics metrics, Protocol protocol, ShutdownResult result) {
        metrics.shutdownStarted(channel, protocol);
        metrics.shutdownEnded(channel, new ShutdownOutcome(protocol, result, ShutdownInitiator.LOCAL,
                ShutdownMode.BIDIRECTIONAL, true, true, null, 0, 0, 0, Duration.ofMillis(1), Duration.ofMillis(2),
                Duration.ofMillis(3), false, true, 0, -1, null));
    }

    private double count(String name, String protocol) {
        return registry.get(name).tag("protocol", protocol).counter().count();
    }

    private double gauge(String name, String protocol) {
        return registry.get(name).tag("protocol", protocol).gauge().value();
    }
}
