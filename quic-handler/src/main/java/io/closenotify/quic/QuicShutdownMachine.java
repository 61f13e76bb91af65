package io.closenotify.quic;

import static io.closenotify.ShutdownInitiator.LOCAL;
import static io.closenotify.ShutdownInitiator.PEER;
import static io.closenotify.ShutdownInitiator.TRANSPORT;
import static io.closenotify.quic.Action.ANNOUNCE_PEER_CLOSE;
import static io.closenotify.quic.Action.ARM_CLOSE_TIMER;
import static io.closenotify.quic.Action.ARM_FLUSH_TIMER;
import static io.closenotify.quic.Action.ARM_PEER_TIMER;
import static io.closenotify.quic.Action.COMPLETE;
import static io.closenotify.quic.Action.FLUSH;
import static io.closenotify.quic.Action.LINGER;
import static io.closenotify.quic.Action.LINGER_SILENTLY;
import static io.closenotify.quic.Action.REFUSE_WRITES;
import static io.closenotify.quic.Action.RELEASE;
import static io.closenotify.quic.Action.SEND_CLOSE;
import static io.closenotify.quic.Action.STRENGTHEN;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownResult;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides how a QUIC connection ends: a pure function from state, input and policy to the next state and the actions.
 *
 * <pre>
 * HANDSHAKE → OPEN → (WAIT_PEER) → FLUSH → CLOSE → TERMINATED
 * </pre>
 *
 * <p>Every phase can end in {@code TERMINATED}. On every path there is at most one CONNECTION_CLOSE, one outcome and
 * one release of the connection.
 *
 * <p><b>Specification:</b> {@code SSL_shutdown_ex(3)}; RFC 9000, section 10.2.
 */
final class QuicShutdownMachine {

    private QuicShutdownMachine() {
    }

    /**
     * Answers an input.
     *
     * @param state the current state
     * @param input what happened
     * @param flush whether streams are flushed before the close
     * @return the next state and the actions
     */
    static Transition next(MachineState state, Input input, StreamFlush flush) {
        if (state.phase() == Phase.TERMINATED) {
            return terminated(state, input);
        }
        return switch (input) {
            case PEER_CLOSED, PEER_CLOSED_EARLY -> peerClosed(state, input);
            case IDLE_TIMEOUT -> lost(state, ShutdownResult.PEER_SILENT, TRANSPORT);
            case RESET -> lost(state, ShutdownResult.RESET, TRANSPORT);
            case FAILED -> lost(state, ShutdownResult.ABORTED, TRANSPORT);
            case REMOVED -> lost(state, ShutdownResult.ABORTED, LOCAL);
            case ABORT -> abort(state);
            default -> switch (state.phase()) {
                case HANDSHAKE -> inHandshake(state, input);
                case OPEN -> open(state, input, flush);
                case WAIT_PEER -> waitingForPeer(state, input, flush);
                case FLUSH -> flushing(state, input);
                case CLOSE -> closing(state, input);
                case TERMINATED -> stay(state);
            };
        };
    }

    private static Transition inHandshake(MachineState state, Input input) {
        return switch (input) {
            case HANDSHAKE_COMPLETED -> stay(state.in(Phase.OPEN));
            // RFC 9000 10.2.3: the peer is told in the packets it can read so far. Nothing is there to be flushed.
            case REQUEST_COMPLIANT, REQUEST_RAPID ->
                    close(state.with(modeOf(input)).by(LOCAL).doomed(ShutdownResult.ABORTED), REFUSE_WRITES);
            // As long as it is not over, no end can be a proper one.
            case REQUEST_WAIT_PEER -> to(
                    state.with(modeOf(input)).by(LOCAL).doomed(ShutdownResult.ABORTED).in(Phase.WAIT_PEER),
                    ARM_PEER_TIMER);
            default -> stay(state);
        };
    }

    private static Transition open(MachineState state, Input input, StreamFlush flush) {
        return switch (input) {
            case REQUEST_COMPLIANT, REQUEST_RAPID -> shutDown(state.with(modeOf(input)).by(LOCAL), flush);
            // "In some cases, an application may wish to wait for a shutdown initiated by the peer" (SSL_shutdown_ex).
            case REQUEST_WAIT_PEER ->
                    to(state.with(modeOf(input)).by(LOCAL).in(Phase.WAIT_PEER), ARM_PEER_TIMER);
            default -> stay(state);
        };
    }

    private static Transition waitingForPeer(MachineState state, Input input, StreamFlush flush) {
        return switch (input) {
            case HANDSHAKE_COMPLETED -> stay(state.undoomed());
            case REQUEST_COMPLIANT, REQUEST_RAPID -> state.verdict() == ShutdownResult.ABORTED
                    ? close(state.with(modeOf(input)), REFUSE_WRITES)
                    : shutDown(state.with(modeOf(input)), flush);
            // WAIT_PEER implies NO_STREAM_FLUSH (SSL_shutdown_ex).
            case TIMER_EXPIRED -> close(state.doomed(ShutdownResult.PEER_SILENT), REFUSE_WRITES);
            default -> stay(state);
        };
    }

    private static Transition flushing(MachineState state, Input input) {
        return switch (input) {
            case FLUSHED -> close(state);
            case TIMER_EXPIRED, SKIP_FLUSH -> close(state.doomed(ShutdownResult.FLUSH_FAILED));
            // "can subsequently change its mind about performing a rapid shutdown" (SSL_shutdown_ex).
            case REQUEST_COMPLIANT -> stay(strengthened(state));
            default -> stay(state);
        };
    }

    private static Transition closing(MachineState state, Input input) {
        return switch (input) {
            case REQUEST_COMPLIANT -> stay(strengthened(state));
            case CLOSE_WRITTEN -> {
                MachineState sent = state.with(QuicCloseDelivery.ON_WIRE);
                yield state.mode() == QuicShutdownMode.RAPID
                        ? terminate(sent, ShutdownResult.UNIDIRECTIONAL, LINGER_SILENTLY)
                        : terminate(sent, ShutdownResult.CLEAN, LINGER);
            }
            case CLOSE_FAILED, TIMER_EXPIRED -> terminate(state, ShutdownResult.FLUSH_FAILED);
            default -> stay(state);
        };
    }

    private static Transition terminated(MachineState state, Input input) {
        boolean rapid = state.mode() == QuicShutdownMode.RAPID && state.delivery() == QuicCloseDelivery.ON_WIRE;
        return input == Input.REQUEST_COMPLIANT && rapid
                ? to(state.with(QuicShutdownMode.COMPLIANT), STRENGTHEN)
                : stay(state);
    }

    /** RFC 9000 10.2.2: draining. Nothing more may be sent, what was not acknowledged may be lost. */
    private static Transition peerClosed(MachineState state, Input input) {
        MachineState told = state.with(QuicCloseDelivery.PEER_CONFIRMED);
        ShutdownResult result = switch (state.phase()) {
            case HANDSHAKE -> ShutdownResult.ABORTED;
            // The flush was not over: never a success, even if by now everything may have arrived.
            case FLUSH -> ShutdownResult.FLUSH_FAILED;
            case OPEN, WAIT_PEER, CLOSE, TERMINATED ->
                    input == Input.PEER_CLOSED ? ShutdownResult.CLEAN : ShutdownResult.FLUSH_FAILED;
        };
        // Waiting for the peer is no end of ours.
        ShutdownInitiator first = state.phase() == Phase.WAIT_PEER || state.initiator() == null ? PEER : LOCAL;
        return terminate(told.onlyBy(first), result, REFUSE_WRITES, ANNOUNCE_PEER_CLOSE);
    }

    private static Transition lost(MachineState state, ShutdownResult result, ShutdownInitiator initiator) {
        ShutdownResult during = state.phase() == Phase.HANDSHAKE ? ShutdownResult.ABORTED : result;
        MachineState by = state.phase() == Phase.WAIT_PEER ? state.onlyBy(initiator) : state.by(initiator);
        return terminate(by, during);
    }

    /** The peer is told all the same; a second abort gives that up, too. */
    private static Transition abort(MachineState state) {
        return state.phase() == Phase.CLOSE
                ? lost(state, ShutdownResult.ABORTED, LOCAL)
                : close(state.onlyBy(LOCAL).doomed(ShutdownResult.ABORTED), REFUSE_WRITES);
    }

    private static Transition shutDown(MachineState state, StreamFlush flush) {
        return flush == StreamFlush.NONE
                ? close(state, REFUSE_WRITES)
                : to(state.in(Phase.FLUSH), REFUSE_WRITES, ARM_FLUSH_TIMER, FLUSH);
    }

    private static Transition close(MachineState state, Action... before) {
        List<Action> actions = new ArrayList<>(List.of(before));
        actions.add(ARM_CLOSE_TIMER);
        actions.add(SEND_CLOSE);
        return new Transition(state.in(Phase.CLOSE), List.copyOf(actions));
    }

    private static Transition terminate(MachineState state, ShutdownResult unlessDoomed, Action... before) {
        List<Action> actions = new ArrayList<>(List.of(before));
        actions.add(COMPLETE);
        actions.add(RELEASE);
        return new Transition(state.terminated(unlessDoomed), List.copyOf(actions));
    }

    private static MachineState strengthened(MachineState state) {
        return state.mode() == QuicShutdownMode.RAPID ? state.with(QuicShutdownMode.COMPLIANT) : state;
    }

    private static QuicShutdownMode modeOf(Input request) {
        return switch (request) {
            case REQUEST_RAPID -> QuicShutdownMode.RAPID;
            case REQUEST_WAIT_PEER -> QuicShutdownMode.WAIT_PEER;
            default -> QuicShutdownMode.COMPLIANT;
        };
    }

    private static Transition to(MachineState state, Action... actions) {
        return new Transition(state, List.of(actions));
    }

    private static Transition stay(MachineState state) {
        return new Transition(state, List.of());
    }
}
