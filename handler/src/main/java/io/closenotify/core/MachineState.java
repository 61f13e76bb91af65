package io.closenotify.core;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownResult;
import io.closenotify.ShutdownState;
import io.closenotify.ShutdownState.Want;
import org.jspecify.annotations.Nullable;

/**
 * The state of one connection's shutdown. The sending and the receiving half are kept apart.
 *
 * @param phase where it is
 * @param mode the mode in force
 * @param initiator who began, or {@code null} while nobody has
 * @param send what became of our close_notify
 * @param receive what became of the peer's
 * @param inputEnded whether the transport's input has ended
 * @param result the result, once the outcome was delivered
 */
public record MachineState(
        Phase phase,
        ShutdownMode mode,
        @Nullable ShutdownInitiator initiator,
        Send send,
        Receive receive,
        boolean inputEnded,
        @Nullable ShutdownResult result) {

    private static final MachineState INITIAL = new MachineState(
            Phase.HANDSHAKE, ShutdownMode.BIDIRECTIONAL, null, Send.OPEN, Receive.OPEN, false, null);

    /** The sending half. */
    public enum Send {

        /** Nothing was sent. */
        OPEN,

        /** Sending our close_notify was attempted. */
        CLOSE_NOTIFY,

        /** It counts as sent: quiet, or declared by the caller. */
        ASSUMED
    }

    /** The receiving half. */
    public enum Receive {

        /** Nothing was received. */
        OPEN,

        /** The peer's close_notify was received. */
        CLOSE_NOTIFY,

        /** It counts as received: quiet, or declared by the caller. */
        ASSUMED,

        /** The input ended without it, after ours was sent. */
        ENDED,

        /** The input ended without it, where that is ignored or no message was cut: it counts as received. */
        FORGIVEN,

        /** The input ended without it, before ours was sent, inside a message, or where TLS alone was to end. */
        TRUNCATED
    }

    /**
     * Returns the state a connection starts from.
     *
     * @param mode the mode of the policy
     * @return the state before the handshake
     */
    public static MachineState initial(ShutdownMode mode) {
        return INITIAL.with(mode);
    }

    /**
     * Returns the two flags and what is awaited.
     *
     * @return the public view of this state
     */
    public ShutdownState view() {
        return new ShutdownState(
                closeNotifySent(),
                closeNotifyReceived(),
                switch (phase) {
                    case FLUSH, SEND -> Want.WANT_WRITE;
                    case TICKETS, AWAIT_PEER -> Want.WANT_READ;
                    case HANDSHAKE, ABANDON, OPEN, PEER_CLOSED, RELEASE, LINGER, TERMINATED -> Want.NOTHING;
                });
    }

    /**
     * Tells whether our close_notify was sent.
     *
     * @return {@code true} once sending was attempted, or counts as done
     */
    public boolean closeNotifySent() {
        return send != Send.OPEN;
    }

    /**
     * Tells whether the peer's close_notify was received.
     *
     * @return {@code true} once it arrived, or counts as arrived
     */
    public boolean closeNotifyReceived() {
        return receive == Receive.CLOSE_NOTIFY || receive == Receive.ASSUMED;
    }

    /**
     * Tells whether a shutdown is in progress: writes are refused and the driver owns reading.
     *
     * @return {@code true} while the handshake is given up, and from the flush to the end of the linger
     */
    public boolean shuttingDown() {
        return phase == Phase.ABANDON || (phase.compareTo(Phase.FLUSH) >= 0 && phase != Phase.TERMINATED);
    }

    MachineState in(Phase next) {
        return new MachineState(next, mode, initiator, send, receive, inputEnded, result);
    }

    /**
     * Returns the same state in another mode.
     *
     * @param next the mode in force from now on
     * @return the state in that mode
     */
    public MachineState with(ShutdownMode next) {
        return new MachineState(phase, next, initiator, send, receive, inputEnded, result);
    }

    MachineState with(Send next) {
        return new MachineState(phase, mode, initiator, next, receive, inputEnded, result);
    }

    MachineState with(Receive next) {
        return new MachineState(phase, mode, initiator, send, next, inputEnded, result);
    }

    /** The first initiator stays. */
    MachineState by(ShutdownInitiator first) {
        return initiator != null ? this
                : new MachineState(phase, mode, first, send, receive, inputEnded, result);
    }

    MachineState ended() {
        return new MachineState(phase, mode, initiator, send, receive, true, result);
    }

    boolean completed() {
        return result != null;
    }

    MachineState completed(ShutdownResult outcome) {
        return new MachineState(phase, mode, initiator, send, receive, inputEnded, outcome);
    }
}
