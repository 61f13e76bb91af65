package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import io.closenotify.ShutdownResult;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What became of one combination of the demonstration.
 *
 * @param client how the first connection ended for the client, or {@code null} if it did not end in time
 * @param server how it ended for the server
 * @param resumed whether the second connection resumed the session of the first
 * @param problem what is not as specified, or {@code null}
 */
record DemoRow(DemoCase combination, @Nullable ConnectionReport client, @Nullable ConnectionReport server,
        boolean resumed, @Nullable String problem) {

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
        return report == null ? NONE : Labels.of(report.ending().result());
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
        Ending ending = report.ending();
        // A quiet shutdown only counts as sent.
        return ending.sent() && ending.result() != ShutdownResult.QUIET ? close(ending.protocol()) : "nothing";
    }

    private static String close(Protocol protocol) {
        return protocol == Protocol.QUIC ? "CONNECTION_CLOSE" : "close_notify";
    }

    long elapsedMillis() {
        return client == null ? 0 : client.ending().elapsed().toMillis();
    }

    boolean sessionResumable() {
        return client != null && client.ending().sessionResumable();
    }

    Map<String, @Nullable Object> line() {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        line.put("event", "row");
        line.put("protocol", Labels.of(combination.protocol()));
        line.put("version", combination.version());
        line.put("provider", combination.provider());
        line.put("mode", combination.mode());
        line.put("result", result());
        line.put("ok", ok());
        line.put("variant", combination.variant());
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
