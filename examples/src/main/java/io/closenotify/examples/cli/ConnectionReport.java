package io.closenotify.examples.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How one connection went and ended.
 *
 * @param peer the peer's address and port
 * @param resumed whether the handshake resumed a session
 * @param bytesRead application data that arrived, what was discarded after our close included
 * @param bytesWritten application data that the kernel, or the QUIC codec, took
 * @param ending how it ended
 */
record ConnectionReport(String peer, boolean resumed, long bytesRead, long bytesWritten, Ending ending) {

    /** The fields of the JSON line, in the order that scripts rely on. */
    Map<String, @Nullable Object> line() {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        line.put("event", "shutdown");
        line.put("protocol", Labels.of(ending.protocol()));
        line.put("peer", peer);
        line.put("mode", ending.mode());
        line.put("result", Labels.of(ending.result()));
        line.put("initiator", Labels.of(ending.initiator()));
        line.put("closeNotifySent", ending.sent());
        line.put("closeNotifyReceived", ending.received());
        line.put("bytesRead", bytesRead);
        line.put("bytesWritten", bytesWritten);
        line.put("bytesAfterCloseNotify", ending.bytesAfterClose());
        line.put("resumed", resumed);
        line.put("sessionResumable", ending.sessionResumable());
        line.put("elapsedMillis", ending.elapsed().toMillis());
        line.put("cause", Failures.text(ending.cause()));
        line.putAll(ending.more());
        return line;
    }
}
