package io.closenotify.quic;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownResult;
import org.jspecify.annotations.Nullable;

/**
 * The state of a connection's end.
 *
 * @param phase where it stands
 * @param mode the mode in force
 * @param initiator who ended the connection first, once that is decided
 * @param verdict the result that is already certain, if there is one; a close on the wire does not better it
 * @param delivery how far the news has come
 * @param result the result, in {@link Phase#TERMINATED}
 */
record MachineState(
        Phase phase,
        QuicShutdownMode mode,
        @Nullable ShutdownInitiator initiator,
        @Nullable ShutdownResult verdict,
        QuicCloseDelivery delivery,
        @Nullable ShutdownResult result) {

    static MachineState initial(QuicShutdownMode mode) {
        return new MachineState(Phase.HANDSHAKE, mode, null, null, QuicCloseDelivery.NOT_SENT, null);
    }

    MachineState in(Phase next) {
        return new MachineState(next, mode, initiator, verdict, delivery, result);
    }

    MachineState with(QuicShutdownMode next) {
        return new MachineState(phase, next, initiator, verdict, delivery, result);
    }

    /** The first one to end the connection stays the one who did. */
    MachineState by(ShutdownInitiator first) {
        return initiator != null ? this : new MachineState(phase, mode, first, verdict, delivery, result);
    }

    /** Whoever was noted before. */
    MachineState onlyBy(ShutdownInitiator first) {
        return new MachineState(phase, mode, first, verdict, delivery, result);
    }

    /** The first verdict stays. */
    MachineState doomed(ShutdownResult first) {
        return verdict != null ? this : new MachineState(phase, mode, initiator, first, delivery, result);
    }

    /** The handshake is complete after all. */
    MachineState undoomed() {
        return new MachineState(phase, mode, initiator, null, delivery, result);
    }

    MachineState with(QuicCloseDelivery next) {
        return new MachineState(phase, mode, initiator, verdict, next, result);
    }

    MachineState terminated(ShutdownResult unlessDoomed) {
        return new MachineState(
                Phase.TERMINATED, mode, initiator, verdict, delivery, verdict != null ? verdict : unlessDoomed);
    }

    boolean isShuttingDown() {
        return phase == Phase.FLUSH || phase == Phase.WAIT_PEER || phase == Phase.CLOSE;
    }
}
