package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.closenotify.quic.QuicCloseDelivery;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownOutcome;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a connection ended, whichever its protocol.
 *
 * @param sent whether our close_notify, or CONNECTION_CLOSE, was sent
 * @param received whether the peer's arrived
 * @param bytesAfterClose data that arrived after ours
 * @param more what only this protocol has to say, in the order of the JSON line
 */
record Ending(Protocol protocol, String mode, ShutdownResult result, ShutdownInitiator initiator, boolean sent,
        boolean received, long bytesAfterClose, boolean sessionResumable, Duration elapsed, @Nullable Throwable cause,
        Map<String, @Nullable Object> more) {

    /** By TLS or DTLS. */
    static Ending of(ShutdownOutcome outcome) {
        return new Ending(outcome.protocol(), Labels.of(outcome.mode()), outcome.result(), outcome.initiator(),
                outcome.closeNotifySent(), outcome.closeNotifyReceived(),
                outcome.bytesDelivered() + outcome.bytesDiscarded(), outcome.sessionResumable(), outcome.elapsed(),
                outcome.cause(), outcome.protocol() == Protocol.DTLS ? repetitions(outcome) : Map.of());
    }

    private static Map<String, @Nullable Object> repetitions(ShutdownOutcome outcome) {
        Map<String, @Nullable Object> repetitions = new LinkedHashMap<>();
        repetitions.put("repeats", outcome.repeats());
        repetitions.put("missingAtMost", outcome.missingAtMost() < 0 ? null : outcome.missingAtMost());
        return repetitions;
    }

    /**
     * The same for QUIC, where nothing is delivered after our CONNECTION_CLOSE, and where no kind of end spoils a
     * session.
     *
     * @param handshaken whether the handshake was completed
     */
    static Ending of(QuicShutdownOutcome outcome, boolean handshaken) {
        QuicConnectionClose close = outcome.close();
        boolean sent = close != null && !outcome.remote() && outcome.delivery() != QuicCloseDelivery.NOT_SENT;
        return new Ending(Protocol.QUIC, Labels.of(outcome.mode()), outcome.result(), outcome.initiator(), sent,
                outcome.remote(), 0, handshaken, outcome.elapsed(), outcome.cause(), details(outcome, close));
    }

    private static Map<String, @Nullable Object> details(QuicShutdownOutcome outcome,
            @Nullable QuicConnectionClose close) {
        Map<String, @Nullable Object> details = new LinkedHashMap<>();
        details.put("errorCode", close == null ? null : close.errorCode());
        details.put("reason", close == null ? null : close.reason());
        details.put("remote", outcome.remote());
        details.put("application", close != null && close.application());
        details.put("delivery", Labels.of(outcome.delivery()));
        details.put("bytesUnacknowledged", outcome.bytesUnacknowledged() < 0 ? null : outcome.bytesUnacknowledged());
        if (close != null && !close.errorCodeExact()) {
            details.put("errorCodeExact", false);
        }
        return details;
    }
}
