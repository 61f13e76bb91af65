package io.closenotify.examples.cli;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownResult;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is specified for a mode that the client shuts down in, against a server that answers close_notify.
 *
 * @param client the results that the client may report
 * @param server the results that the server may report
 * @param alertReachesServer whether the server must see the client's close_notify; it must not otherwise
 * @param answerReachesClient whether the client must see the server's
 */
record DemoSpecification(Set<ShutdownResult> client, Set<ShutdownResult> server, boolean alertReachesServer,
        boolean answerReachesClient) {

    static DemoSpecification of(ShutdownMode mode) {
        return switch (mode) {
            // Both alerts, seen by both.
            case BIDIRECTIONAL -> new DemoSpecification(
                    EnumSet.of(ShutdownResult.CLEAN), EnumSet.of(ShutdownResult.CLEAN), true, true);
            // The client does not wait, but its linger may see the answer all the same.
            case FAST -> new DemoSpecification(
                    EnumSet.of(ShutdownResult.UNIDIRECTIONAL, ShutdownResult.CLEAN),
                    EnumSet.of(ShutdownResult.CLEAN), true, false);
            // No alert: the server cannot tell the end from an attack, and says so.
            case QUIET -> new DemoSpecification(
                    EnumSet.of(ShutdownResult.QUIET), EnumSet.of(ShutdownResult.TRUNCATED), false, false);
        };
    }

    /** Tells what is not as specified, or {@code null}. */
    @Nullable String problem(ConnectionReport clientSide, ConnectionReport serverSide, long bytes) {
        if (!client.contains(clientSide.outcome().result())) {
            return "client: " + Labels.of(clientSide.outcome().result());
        }
        if (!server.contains(serverSide.outcome().result())) {
            return "server: " + Labels.of(serverSide.outcome().result());
        }
        if (serverSide.outcome().closeNotifyReceived() != alertReachesServer) {
            return alertReachesServer ? "close_notify lost" : "close_notify sent";
        }
        if (answerReachesClient && !clientSide.outcome().closeNotifyReceived()) {
            return "answer lost";
        }
        boolean complete = clientSide.bytesWritten() == bytes && serverSide.bytesRead() == bytes
                && serverSide.bytesWritten() == bytes && clientSide.bytesRead() == bytes;
        if (!complete) {
            return "data lost";
        }
        // A session ended without a fatal alert stays good in every mode.
        return clientSide.outcome().sessionResumable() ? null : "session not resumable";
    }
}
