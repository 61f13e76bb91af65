package io.closenotify.quic;

import java.nio.channels.ClosedChannelException;

/** The shutdown was not a success; {@link #outcome()} tells why. */
public final class QuicShutdownException extends ClosedChannelException {

    private static final long serialVersionUID = 1L;

    private final transient QuicShutdownOutcome outcome;
    private final transient String message;

    /**
     * Creates an exception for an outcome.
     *
     * @param outcome the outcome, not a success
     */
    public QuicShutdownException(QuicShutdownOutcome outcome) {
        this.outcome = outcome;
        message = message(outcome);
        if (outcome.cause() != null) {
            initCause(outcome.cause());
        }
    }

    private static String message(QuicShutdownOutcome outcome) {
        StringBuilder message = new StringBuilder("shutdown ended as ").append(outcome.result())
                .append(" after ").append(outcome.elapsed().toMillis()).append(" ms (mode: ").append(outcome.mode())
                .append(", initiator: ").append(outcome.initiator())
                .append(", delivery: ").append(outcome.delivery());
        if (outcome.close() != null) {
            message.append(outcome.remote() ? ", peer's close: " : ", close: ").append(outcome.close());
        }
        if (outcome.bytesUnacknowledged() > 0) {
            message.append(", bytes unacknowledged: ").append(outcome.bytesUnacknowledged());
        }
        return message.append(')').toString();
    }

    @Override
    public String getMessage() {
        return message;
    }

    /**
     * Returns the outcome.
     *
     * @return the outcome
     */
    public QuicShutdownOutcome outcome() {
        return outcome;
    }
}
