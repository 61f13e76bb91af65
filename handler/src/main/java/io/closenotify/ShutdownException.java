package io.closenotify;

import javax.net.ssl.SSLException;

/** The shutdown was not a success; {@link #outcome()} tells why. */
public final class ShutdownException extends SSLException {

    private static final long serialVersionUID = 1L;

    private final transient ShutdownOutcome outcome;

    /**
     * Creates an exception for an outcome.
     *
     * @param outcome the outcome, not a success
     */
    public ShutdownException(ShutdownOutcome outcome) {
        super(message(outcome), outcome.cause());
        this.outcome = outcome;
    }

    private static String message(ShutdownOutcome outcome) {
        StringBuilder message = new StringBuilder("shutdown ended as ").append(outcome.result())
                .append(" after ").append(outcome.elapsed().toMillis()).append(" ms (mode: ").append(outcome.mode())
                .append(", initiator: ").append(outcome.initiator())
                .append(", close_notify sent: ").append(outcome.closeNotifySent())
                .append(", received: ").append(outcome.closeNotifyReceived());
        if (outcome.bytesNotFlushed() > 0) {
            message.append(", bytes not flushed: ").append(outcome.bytesNotFlushed());
        }
        message.append(')');
        if (outcome.cause() != null) {
            message.append(": ").append(outcome.cause().getMessage());
        }
        return message.toString();
    }

    /**
     * Returns the outcome.
     *
     * @return the outcome
     */
    public ShutdownOutcome outcome() {
        return outcome;
    }
}
