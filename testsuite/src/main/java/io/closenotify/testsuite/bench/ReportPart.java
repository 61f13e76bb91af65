package io.closenotify.testsuite.bench;

import io.closenotify.testsuite.report.Section;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The parts of the performance report, in their order. */
enum ReportPart {

    STEADY_TLS("TLS, steady state", 240, List.of(), JmhTurns::steadyTls),
    STEADY_QUIC("QUIC, steady state", 180, List.of(), JmhTurns::steadyQuic),
    SHUTDOWN("One shutdown", 360, List.of(), JmhTurns::shutdown),
    SHUTDOWN_TIMERS("Timers of one shutdown", 60, List.of(), ShutdownTimers::measure),
    // Lambdas and records are laid out, too; their offsets the JVM tells nobody.
    TLS_FOOTPRINT("An idle TLS connection", 240,
            List.of("-Djol.skipDynamicAttach=true", "-Djol.magicFieldOffset=true"), TlsFootprint::measure),
    TLS_GROWTH("TLS, growth", 180, List.of(), TlsGrowth::measure),
    DRAIN("Drain", 240, List.of(), DrainTrial::measure),
    QUIC_GROWTH("QUIC, growth", 240, List.of(), QuicGrowth::measure),
    QUIC_LINGER("QUIC, lingering memory", 120,
            List.of("-XX:+AlwaysPreTouch", "-Djol.skipDynamicAttach=true"), QuicLingerFootprint::measure),
    QUIC_FLUSH("QUIC, flush time", 240, List.of(), QuicFlushTime::measure),
    DTLS_RATES("DTLS, rates", 180, List.of(), DtlsRates::measure),
    DTLS_GROWTH("DTLS, growth", 240, List.of(), DtlsGrowth::measure),
    DELIVERY("Delivery", 120, List.of(), Delivery::measure);

    private static final List<String> OPTIONS = List.of("-Xms512m", "-Xmx512m",
            "-Dio.netty.leakDetection.level=disabled", "-Djmh.ignoreLock=true", "-Djava.awt.headless=true");

    private final String title;
    private final Duration limit;
    @SuppressWarnings("ImmutableEnumChecker")
    private final List<String> options;

    @SuppressWarnings("ImmutableEnumChecker")
    private final Work work;

    /** Measures. */
    @FunctionalInterface
    private interface Work {

        Section measure(Effort effort) throws Exception;
    }

    ReportPart(String title, int limitSeconds, List<String> options, Work work) {
        this.title = title;
        this.limit = Duration.ofSeconds(limitSeconds);
        this.options = options;
        this.work = work;
    }

    /** As the command line has it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    String title() {
        return title;
    }

    /** Of its JVM's life. */
    Duration limit() {
        return limit;
    }

    /** Of its JVM. */
    List<String> options() {
        List<String> all = new ArrayList<>(OPTIONS);
        all.addAll(options);
        return all;
    }

    Section measure(Effort effort) throws Exception {
        return work.measure(effort);
    }
}
