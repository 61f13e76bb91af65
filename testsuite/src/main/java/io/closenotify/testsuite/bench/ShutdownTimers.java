package io.closenotify.testsuite.bench;

import io.closenotify.ShutdownMode;
import io.closenotify.testsuite.report.Figures;
import io.closenotify.testsuite.report.Section;
import io.netty.handler.ssl.SslProvider;
import java.util.List;

/** How many timers one TLS shutdown gives its event loop, in the scenarios of {@link ShutdownBenchmark}. */
final class ShutdownTimers {

    private ShutdownTimers() {
    }

    static Section measure(Effort effort) throws Exception {
        Figures figures = new Figures();
        for (SslProvider engine : List.of(SslProvider.JDK, SslProvider.OPENSSL)) {
            for (String protocol : effort.of(List.of("TLSv1.3", "TLSv1.2"), List.of("TLSv1.3"))) {
                try (BenchmarkTls tls = BenchmarkTls.create(engine, SslProvider.JDK, protocol)) {
                    for (ShutdownMode mode : ShutdownMode.values()) {
                        String what = mode + ", " + engine + " " + protocol;
                        figures.other(what, "timers", given(new Ending(tls, mode, false)));
                        figures.ours(what, "timers", given(new Ending(tls, mode, true)));
                    }
                }
            }
        }
        return new Section("""
                Tasks that a shutdown gives its event loop for later, from `close()` until the transport is closed, \
                in the scenarios of *One shutdown* (a linger of zero). Those with the default policies, over \
                sockets, are under *TLS, growth*; those of QUIC under *QUIC, growth*.""",
                Section.STOCK, figures.measurements(), List.of());
    }

    private static double given(Ending ending) {
        long before = Timers.givenTo(ending.loop());
        ending.run();
        long given = Timers.givenTo(ending.loop()) - before;
        ending.verify();
        return (double) given;
    }
}
