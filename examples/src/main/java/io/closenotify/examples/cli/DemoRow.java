package io.closenotify.examples.cli;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One combination of the demonstration.
 *
 * @param client how the first connection ended for the client, or {@code null} if it did not end in time
 * @param server how it ended for the server
 * @param resumed whether the second connection resumed the session of the first
 * @param problem what is not as specified, or {@code null}
 */
record DemoRow(Provider provider, TlsVersion version, ShutdownMode mode, @Nullable ConnectionReport client,
        @Nullable ConnectionReport server, boolean resumed, @Nullable String problem) {

    private static final String NONE = "-";

    boolean ok() {
        return problem == null;
    }

    String result() {
        return result(client);
    }

    String serverResult() {
        return result(server);
    }

    private static String result(@Nullable ConnectionReport report) {
        return report == null ? NONE : Labels.of(report.outcome().result());
    }

    String clientSent() {
        return sent(client);
    }

    String serverSent() {
        return sent(server);
    }

    private static String sent(@Nullable ConnectionReport report) {
        if (report == null) {
            return NONE;
        }
        ShutdownOutcome outcome = report.outcome();
        // A quiet shutdown only counts as sent.
        return outcome.closeNotifySent() && outcome.result() != ShutdownResult.QUIET ? "close_notify" : "nothing";
    }

    long elapsedMillis() {
        return client == null ? 0 : client.outcome().elapsed().toMillis();
    }

    boolean sessionResumable() {
        return client != null && client.outcome().sessionResumable();
    }

    Map<String, @Nullable Object> line() {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        line.put("event", "row");
        line.put("protocol", Labels.of(Protocol.TLS));
        line.put("version", version.label());
        line.put("provider", Labels.of(provider));
        line.put("mode", Labels.of(mode));
        line.put("result", result());
        line.put("ok", ok());
        line.put("serverResult", serverResult());
        line.put("clientSent", clientSent());
        line.put("serverSent", serverSent());
        line.put("elapsedMillis", elapsedMillis());
        line.put("sessionResumable", sessionResumable());
        line.put("resumed", resumed);
        line.put("problem", problem);
        return line;
    }
}
