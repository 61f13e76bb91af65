package io.closenotify.observe;

import io.closenotify.ConnectionOutcome;
import io.closenotify.ShutdownOutcome;
import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One shutdown in the making, for a recording of JDK Flight Recorder. For the handlers. Event loop only. */
public interface ShutdownRecording {

    /**
     * Begins, if shutdowns are recorded.
     *
     * @return what is to be committed at the outcome, or {@code null} if nothing is recorded, or the runtime has no
     *     Flight Recorder
     */
    static @Nullable ShutdownRecording begin() {
        return FlightRecorderPresence.IS_PRESENT ? ShutdownEvent.beginIfRecorded() : null;
    }

    /** The outcome is known: the time of the event ends. */
    void end();

    /**
     * Records a shutdown of TLS or DTLS.
     *
     * @param outcome the outcome
     * @param peer the peer's address, if it is known
     */
    void commit(ShutdownOutcome outcome, @Nullable SocketAddress peer);

    /**
     * Records a shutdown of QUIC.
     *
     * @param outcome the outcome
     * @param peer the peer's address, if it is known
     * @param end what QUIC alone has to tell
     */
    void commit(ConnectionOutcome outcome, @Nullable SocketAddress peer, QuicEnd end);

    /**
     * What the outcome of QUIC alone tells.
     *
     * @param close what the CONNECTION_CLOSE says, or {@code null} if there was none
     * @param delivery how far the news of the end is known to have come
     * @param bytesUnacknowledged about how many bytes are not acknowledged; negative if that is not known
     * @param flushTime until all was acknowledged or that was given up
     * @param closeTime from then until the outcome
     */
    record QuicEnd(@Nullable QuicClose close, Enum<?> delivery, long bytesUnacknowledged, Duration flushTime,
            Duration closeTime) {
    }

    /**
     * What a CONNECTION_CLOSE says.
     *
     * @param remote whether it is the peer's
     * @param application whether the code is the application's
     * @param errorCode the code
     * @param reason the reason phrase
     */
    record QuicClose(boolean remote, boolean application, long errorCode, String reason) {
    }
}
