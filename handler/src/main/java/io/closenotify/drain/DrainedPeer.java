package io.closenotify.drain;

import io.closenotify.Protocol;
import io.closenotify.ShutdownResult;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A peer of a drained server, and how it went with it.
 *
 * @param address its address
 * @param protocol what secured the connection, or {@code null} if nothing did, or nothing that can be shut down
 * @param result what became of the shutdown, or {@code null} if there was none
 * @param forced whether it was not done at the deadline
 * @param elapsed the time from the start of its first hook to its outcome, or to its end where there was none
 * @param cause what went wrong underneath, or {@code null}
 */
public record DrainedPeer(
        @Nullable SocketAddress address, @Nullable Protocol protocol, @Nullable ShutdownResult result,
        boolean forced, Duration elapsed, @Nullable Throwable cause) {

    /** Whether the shutdown is known to have failed. */
    boolean failed() {
        return result != null && !result.isSuccess();
    }
}
