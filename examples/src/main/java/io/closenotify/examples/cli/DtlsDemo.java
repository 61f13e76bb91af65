package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;

/** Every mode of DTLS: data goes there and back, then the client shuts down. */
final class DtlsDemo {

    /** A few datagrams, which no kernel loses. */
    static final int BYTES = 8 * 1024;

    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(10);

    /** Of a server whose client leaves without a word; longer than an echo takes. */
    private static final Duration SHORT_IDLE_TIMEOUT = Duration.ofMillis(300);

    private DtlsDemo() {
    }

    static List<DemoCase> cases() {
        App echo = new AppConverter().convert("echo");
        return Arrays.stream(ShutdownMode.values())
                .map(mode -> new DemoCase(Protocol.DTLS, "1.2", Labels.of(Provider.JDK), Labels.of(mode), null,
                        server(mode), echo, new DtlsTransport(ShutdownPolicy.of(mode), IDLE_TIMEOUT),
                        new DemoApp(BYTES, BYTES, true), true,
                        (client, server) -> specification(mode).problem(client, server, BYTES, BYTES)))
                .toList();
    }

    private static DtlsTransport server(ShutdownMode clientMode) {
        ShutdownPolicy policy = ShutdownPolicy.bidirectional();
        if (clientMode != ShutdownMode.QUIET) {
            return new DtlsTransport(policy, IDLE_TIMEOUT);
        }
        // Nobody answers it, so it need not wait long.
        return new DtlsTransport(
                policy.toBuilder().peerTimeout(SHORT_IDLE_TIMEOUT).build(), SHORT_IDLE_TIMEOUT);
    }

    /** What is specified for a mode that the client shuts down in. */
    static CloseNotifySpecification specification(ShutdownMode mode) {
        return switch (mode) {
            // Both alerts, seen by both.
            case BIDIRECTIONAL -> new CloseNotifySpecification(
                    EnumSet.of(ShutdownResult.CLEAN), EnumSet.of(ShutdownResult.CLEAN), true, true);
            // The outcome is known before the answer can be there.
            case FAST -> new CloseNotifySpecification(
                    EnumSet.of(ShutdownResult.UNIDIRECTIONAL), EnumSet.of(ShutdownResult.CLEAN), true, false);
            // No alert, and datagrams have no end: the server gives up an idle connection, and nobody answers it.
            case QUIET -> new CloseNotifySpecification(
                    EnumSet.of(ShutdownResult.QUIET), EnumSet.of(ShutdownResult.PEER_SILENT), false, false);
        };
    }
}
