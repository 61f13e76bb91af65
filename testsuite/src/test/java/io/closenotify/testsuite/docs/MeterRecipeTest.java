package io.closenotify.testsuite.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.observe.ShutdownMetrics;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownHandlerBuilder;
import io.closenotify.tls.TlsShutdownHandler;
import io.closenotify.tls.TlsShutdownHandlerBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;

/** One observer for the handlers of every protocol, as docs/observe.md has it. */
class MeterRecipeTest {

    @Test
    void every_builder_takes_the_meters_which_are_there_before_the_first_shutdown() throws Exception {
        MeterRegistry registry = new SimpleMeterRegistry();
        SSLContext context = SSLContext.getInstance("DTLS");
        // docs: begin metrics
        ShutdownMetrics metrics = new ShutdownMetrics();
        metrics.bindTo(registry);
        TlsShutdownHandlerBuilder tls = TlsShutdownHandler.builder().observer(metrics);
        DtlsHandlerBuilder dtls = DtlsHandler.builder(context).observer(metrics);
        QuicShutdownHandlerBuilder quic = QuicShutdownHandler.builder().observer(metrics);
        // docs: end metrics

        assertThat(tls.build()).isNotNull();
        assertThat(dtls).isNotNull();
        assertThat(quic.build()).isNotNull();
        for (String protocol : new String[] {"tls", "dtls", "quic"}) {
            assertThat(registry.get("closenotify.shutting.down").tag("protocol", protocol).gauge().value()).isZero();
        }
    }
}
