package io.closenotify.testsuite.bench;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testsuite.report.Figures;
import io.closenotify.testsuite.report.Section;
import io.netty.handler.ssl.SslProvider;
import java.util.List;
import java.util.Locale;

/** What the time of a shutdown buys: {@link DeliveryAtClose} and {@link QuicDeliveryAtClose} side by side. */
final class Delivery {

    private static final int TLS_RUNS = 50;
    private static final int QUIC_RUNS = 20;

    private Delivery() {
    }

    static Section measure(Effort effort) throws Exception {
        int tlsRuns = effort.of(TLS_RUNS, 2);
        int quicRuns = effort.of(QUIC_RUNS, 2);
        Figures figures = new Figures();
        for (SslProvider engine : List.of(SslProvider.JDK, SslProvider.OPENSSL)) {
            DeliveryAtClose.Delivery stock = DeliveryAtClose.run(engine, null, tlsRuns);
            for (ShutdownMode mode : List.of(ShutdownMode.BIDIRECTIONAL, ShutdownMode.FAST)) {
                DeliveryAtClose.Delivery ours = DeliveryAtClose.run(engine, ShutdownPolicy.of(mode), tlsRuns);
                String what = "TLS 1.3, " + engine + ", " + mode;
                add(figures, what + ": all bytes arrived", tlsRuns, stock.complete(), ours.complete());
                add(figures, what + ": close() succeeded", tlsRuns, stock.reportedSuccess(), ours.reportedSuccess());
            }
        }
        for (double loss : new double[] {0, 0.05}) {
            QuicDeliveryAtClose.Delivery stock = QuicDeliveryAtClose.run(null, loss, quicRuns);
            QuicDeliveryAtClose.Delivery ours =
                    QuicDeliveryAtClose.run(QuicShutdownPolicy.compliant(), loss, quicRuns);
            String what = String.format(Locale.ROOT, "QUIC, loss %.0f %%", loss * 100);
            add(figures, what + ": all bytes and FIN arrived", quicRuns, stock.complete(), ours.complete());
            add(figures, what + ": code and reason arrived", quicRuns, stock.told(), ours.told());
            add(figures, what + ": close() succeeded", quicRuns, stock.reportedSuccess(), ours.reportedSuccess());
        }
        return new Section("""
                What the time buys. A client writes a megabyte, waits for the write future and closes. TLS: the \
                server reads slowly, and its session tickets are never read. QUIC: 20 ms of round-trip time, some \
                datagrams lost either way; where one close is lost and the peer never speaks again, it is not told.""",
                Section.STOCK, figures.measurements(), List.of());
    }

    private static void add(Figures figures, String what, int runs, int stock, int ours) {
        figures.other(what, "of " + runs, stock);
        figures.ours(what, "of " + runs, ours);
    }
}
