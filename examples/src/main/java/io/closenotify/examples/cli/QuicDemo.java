package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownResult;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.StreamFlush;
import io.netty.incubator.codec.quic.Quic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Every mode of QUIC, with and without stream flush, and the peer that closes first. */
final class QuicDemo {

    static final int BYTES = 256 * 1024;

    /** Does not fit into the 32 bits that the codec itself has for it. */
    static final QuicConnectionClose CLOSE = QuicConnectionClose.application(0x1234_5678_9abcL, "demonstrated");

    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(10);

    private QuicDemo() {
    }

    static List<DemoCase> cases(Log log) {
        if (!Quic.isAvailable()) {
            log.say("demo: the QUIC codec cannot be loaded here and is left out");
            return List.of();
        }
        List<DemoCase> cases = new ArrayList<>();
        App sink = new AppConverter().convert("sink");
        for (QuicShutdownMode mode : List.of(QuicShutdownMode.COMPLIANT, QuicShutdownMode.RAPID)) {
            for (StreamFlush flush : StreamFlush.values()) {
                boolean flushed = flush == StreamFlush.ACKNOWLEDGED;
                cases.add(combination(mode, flushed ? "stream_flush" : "no_stream_flush", flush, sink,
                        new DemoApp(BYTES, 0, true), flushed, (client, server) -> problem(
                                new Side(client, mode == QuicShutdownMode.RAPID
                                        ? ShutdownResult.UNIDIRECTIONAL : ShutdownResult.CLEAN),
                                new Side(server, ShutdownResult.CLEAN), flushed)));
            }
        }
        App source = new Source(BYTES);
        DemoSpecification serverCloses = (client, server) -> problem(
                new Side(server, ShutdownResult.CLEAN), new Side(client, ShutdownResult.CLEAN), true);
        cases.add(combination(QuicShutdownMode.WAIT_PEER, null, StreamFlush.ACKNOWLEDGED, source,
                new DemoApp(0, 0, true), true, serverCloses));
        cases.add(combination(QuicShutdownMode.COMPLIANT, "peer_closes_first", StreamFlush.ACKNOWLEDGED, source,
                new DemoApp(0, 0, false), true, serverCloses));
        return cases;
    }

    private static DemoCase combination(QuicShutdownMode mode, @Nullable String variant, StreamFlush flush,
            App serverApp, DemoApp clientApp, boolean resumes, DemoSpecification specification) {
        QuicContexts contexts = new QuicContexts(List.of(QuicContexts.DEFAULT_ALPN));
        QuicShutdownPolicy server = QuicShutdownPolicy.compliant().toBuilder().close(CLOSE).build();
        QuicShutdownPolicy client =
                QuicShutdownPolicy.of(mode).toBuilder().close(CLOSE).streamFlush(flush).build();
        return new DemoCase(Protocol.QUIC, "1", "quiche", Labels.of(mode), variant,
                new QuicTransport(contexts, server, IDLE_TIMEOUT), serverApp,
                new QuicTransport(contexts, client, IDLE_TIMEOUT), clientApp, resumes, specification);
    }

    /** One side, and the result that it must report. */
    record Side(ConnectionReport report, ShutdownResult specified) {

        @Nullable Object detail(String name) {
            return report.ending().more().get(name);
        }
    }

    /**
     * Tells what is not as specified, or {@code null}.
     *
     * @param closer the side that writes data and closes
     * @param other the side that reads, and learns of the close
     * @param flushed whether all data must have arrived; otherwise one lost packet may hold up all that follows it
     */
    static @Nullable String problem(Side closer, Side other, boolean flushed) {
        for (Map.Entry<String, Side> side : Map.of("closer", closer, "peer", other).entrySet()) {
            ShutdownResult result = side.getValue().report().ending().result();
            if (result != side.getValue().specified()) {
                return side.getKey() + ": " + Labels.of(result);
            }
        }
        if (!closer.report().ending().sent() || !"on_wire".equals(closer.detail("delivery"))) {
            return "CONNECTION_CLOSE not sent";
        }
        if (!other.report().ending().received() || other.report().ending().initiator() != ShutdownInitiator.PEER) {
            return "CONNECTION_CLOSE lost";
        }
        if (!Long.valueOf(CLOSE.errorCode()).equals(other.detail("errorCode"))
                || !CLOSE.reason().equals(other.detail("reason"))) {
            return "error code or reason not the one that was sent: " + other.detail("errorCode") + ' '
                    + other.detail("reason");
        }
        long missing = BYTES - other.report().bytesRead();
        if (flushed && missing != 0) {
            return "data lost: " + missing + " bytes";
        }
        if (flushed && !Long.valueOf(0).equals(closer.detail("bytesUnacknowledged"))) {
            return "bytes unacknowledged: " + closer.detail("bytesUnacknowledged");
        }
        return closer.report().ending().sessionResumable() ? null : "session not resumable";
    }
}
