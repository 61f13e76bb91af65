package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.bench.DeliveryAtClose.Delivery;
import io.closenotify.testsuite.bench.DeliveryAtClose;
import io.netty.handler.ssl.SslProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What was written before the close arrives, however slow the reader: a stock handler loses it in most runs. */
@ExtendWith(LeakAndLogCheck.class)
class DeliveryAtCloseTest {

    private static final int RUNS = 25;

    static Stream<Arguments> enginesAndModes() {
        return Stream.of(SslProvider.JDK, SslProvider.OPENSSL).flatMap(engine ->
                Stream.of(ShutdownMode.BIDIRECTIONAL, ShutdownMode.FAST).map(mode -> Arguments.of(engine, mode)));
    }

    @ParameterizedTest
    @MethodSource("enginesAndModes")
    void a_megabyte_reaches_a_slow_reader_in_every_run_without_a_reset(SslProvider engine, ShutdownMode mode)
            throws Exception {
        assertThat(DeliveryAtClose.run(engine, ShutdownPolicy.of(mode), RUNS))
                .isEqualTo(new Delivery(RUNS, RUNS, RUNS));
    }
}
