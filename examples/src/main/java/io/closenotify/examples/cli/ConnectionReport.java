package io.closenotify.examples.cli;

import io.closenotify.ShutdownOutcome;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How one connection went and ended.
 *
 * @param peer the peer's address and port
 * @param resumed whether the handshake resumed a session
 * @param bytesRead application data that arrived, what was discarded after our close_notify included
 * @param bytesWritten application data that the kernel took
 * @param outcome how it ended
 */
record ConnectionReport(String peer, boolean resumed, long bytesRead, long bytesWritten, ShutdownOutcome outcome) {

    /** The fields of the JSON line, in the order that scripts rely on. */
    Map<String, @Nullable Object> shutdownLine(Protocol protocol) {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        line.put("event", "shutdown");
        line.put("protocol", Labels.of(protocol));
        line.put("peer", peer);
        line.put("mode", Labels.of(outcome.mode()));
        line.put("result", Labels.of(outcome.result()));
        line.put("initiator", Labels.of(outcome.initiator()));
        line.put("closeNotifySent", outcome.closeNotifySent());
        line.put("closeNotifyReceived", outcome.closeNotifyReceived());
        line.put("bytesRead", bytesRead);
        line.put("bytesWritten", bytesWritten);
        line.put("bytesAfterCloseNotify", outcome.bytesDelivered() + outcome.bytesDiscarded());
        line.put("resumed", resumed);
        line.put("sessionResumable", outcome.sessionResumable());
        line.put("elapsedMillis", outcome.elapsed().toMillis());
        line.put("cause", Failures.text(outcome.cause()));
        return line;
    }
}
