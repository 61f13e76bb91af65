package io.closenotify.examples.cli;

import io.closenotify.ShutdownResult;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is specified for a shutdown by the client, against a server that answers close_notify.
 *
 * @param client the results that the client may report
 * @param server the results that the server may report
 * @param alertReachesServer whether the server must see the client's close_notify; it must not otherwise
 * @param answerReachesClient whether the client must see the server's
 */
record CloseNotifySpecification(Set<ShutdownResult> client, Set<ShutdownResult> server, boolean alertReachesServer,
        boolean answerReachesClient) {

    /**
     * Tells what is not as specified, or {@code null}.
     *
     * @param asked what the client sends
     * @param answered what the server sends
     */
    @Nullable String problem(ConnectionReport clientSide, ConnectionReport serverSide, long asked, long answered) {
        if (!client.contains(clientSide.ending().result())) {
            return "client: " + Labels.of(clientSide.ending().result());
        }
        if (!server.contains(serverSide.ending().result())) {
            return "server: " + Labels.of(serverSide.ending().result());
        }
        if (serverSide.ending().received() != alertReachesServer) {
            return alertReachesServer ? "close_notify lost" : "close_notify sent";
        }
        if (answerReachesClient && !clientSide.ending().received()) {
            return "answer lost";
        }
        boolean complete = clientSide.bytesWritten() == asked && serverSide.bytesRead() == asked
                && serverSide.bytesWritten() == answered && clientSide.bytesRead() == answered;
        if (!complete) {
            return "data lost";
        }
        // A session ended without a fatal alert stays good in every mode.
        return clientSide.ending().sessionResumable() ? null : "session not resumable";
    }
}
