package io.closenotify.core;

import static io.closenotify.ShutdownInitiator.LOCAL;
import static io.closenotify.ShutdownInitiator.PEER;
import static io.closenotify.ShutdownInitiator.TRANSPORT;
import static io.closenotify.core.Action.ABANDON_HANDSHAKE;
import static io.closenotify.core.Action.ANSWER_AFTER_READ;
import static io.closenotify.core.Action.ARM_FLUSH_TIMER;
import static io.closenotify.core.Action.ARM_LINGER_TIMER;
import static io.closenotify.core.Action.ARM_PEER_TIMER;
import static io.closenotify.core.Action.CANCEL_TIMER;
import static io.closenotify.core.Action.CLOSE_TRANSPORT;
import static io.closenotify.core.Action.COMPLETE;
import static io.closenotify.core.Action.DISCARD_DATA;
import static io.closenotify.core.Action.FLUSH_DATA;
import static io.closenotify.core.Action.HALF_CLOSE;
import static io.closenotify.core.Action.IGNORE_INPUT;
import static io.closenotify.core.Action.MARK_QUIET;
import static io.closenotify.core.Action.RAISE_TRUNCATION;
import static io.closenotify.core.Action.SEND_CLOSE_NOTIFY;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationPolicy;
import io.closenotify.core.MachineState.Receive;
import io.closenotify.core.MachineState.Send;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides how a connection ends: a pure function from state, input and policy to the next state and the actions.
 *
 * <p><b>States</b> ({@link Phase}):
 *
 * <pre>
 * HANDSHAKE → OPEN → (PEER_CLOSED) → FLUSH → SEND → AWAIT_PEER → LINGER → TERMINATED
 * </pre>
 *
 * <p>Every phase can end in {@code TERMINATED}, which absorbs all inputs. On every path there is at most one
 * close_notify, one outcome and one closing of the transport.
 *
 * <p><b>Specification:</b> {@code SSL_shutdown(3)}, RFC 8446, section 6.1, RFC 5246, section 7.2.1; the clause stands
 * beside the branch it governs.
 */
public final class ShutdownMachine {

    private ShutdownMachine() {
    }

    /**
     * Answers an input.
     *
     * @param state the current state
     * @param input what happened
     * @param policy the policy in force; its timeouts are not looked at, save whether there is a linger
     * @return the next state and the actions
     */
    public static Transition next(MachineState state, Input input, ShutdownPolicy policy) {
        if (state.phase() == Phase.TERMINATED) {
            return stay(state);
        }
        return switch (input) {
            case RESET -> failed(state.by(TRANSPORT), state.phase() == Phase.HANDSHAKE
                    ? ShutdownResult.ABORTED : ShutdownResult.RESET);
            case FATAL_ALERT -> fatalAlert(state);
            case CAP_EXCEEDED, ABORT -> failed(state.by(LOCAL), ShutdownResult.ABORTED);
            case SET_SENT, SET_RECEIVED -> declared(state, input);
            default -> switch (state.phase()) {
                case HANDSHAKE -> inHandshake(state, input, policy);
                case OPEN -> open(state, input, policy);
                case PEER_CLOSED -> peerClosed(state, input, policy);
                case FLUSH -> flushing(state, input, policy);
                case SEND -> sending(state, input, policy);
                case AWAIT_PEER -> awaitingPeer(state, input, policy);
                case LINGER -> lingering(state, input, policy);
                case TERMINATED -> stay(state);
            };
        };
    }

    private static Transition inHandshake(MachineState state, Input input, ShutdownPolicy policy) {
        return switch (input) {
            case HANDSHAKE_COMPLETED -> stay(state.in(Phase.OPEN));
            // BoringSSL's SSL_shutdown sends nothing in init; the JDK sends RFC 8446's user_canceled.
            case REQUEST_BIDIRECTIONAL, REQUEST_FAST -> to(
                    state.with(modeOf(input)).by(LOCAL).decided(ShutdownResult.ABORTED).in(Phase.SEND),
                    ARM_FLUSH_TIMER, ABANDON_HANDSHAKE);
            case REQUEST_QUIET -> failed(state.with(ShutdownMode.QUIET).by(LOCAL), ShutdownResult.ABORTED);
            case PEER_CLOSE_NOTIFY ->
                    failed(state.with(Receive.CLOSE_NOTIFY).by(PEER), ShutdownResult.ABORTED);
            case END_OF_INPUT -> failed(state.ended().by(TRANSPORT), ShutdownResult.ABORTED);
            case TRANSPORT_CLOSED -> terminated(state.by(TRANSPORT).decided(ShutdownResult.ABORTED), policy);
            default -> stay(state);
        };
    }

    private static Transition open(MachineState state, Input input, ShutdownPolicy policy) {
        return switch (input) {
            case REQUEST_BIDIRECTIONAL, REQUEST_FAST, REQUEST_QUIET ->
                    flush(state.with(modeOf(input)).by(LOCAL));
            // RFC 8446 6.1: the peer's close_notify has no effect on our write side. What the application writes while
            // it handles the data before the alert goes out before our answer.
            case PEER_CLOSE_NOTIFY -> to(
                    state.with(Receive.CLOSE_NOTIFY).by(PEER).in(Phase.PEER_CLOSED), IGNORE_INPUT, ANSWER_AFTER_READ);
            case END_OF_INPUT -> {
                if (state.receive() == Receive.ASSUMED) {
                    yield to(state.ended().by(PEER).in(Phase.PEER_CLOSED), ANSWER_AFTER_READ);
                }
                Transition ended = endOfInput(state, policy);
                yield prepended(ended.actions(), flush(ended.state().by(TRANSPORT)));
            }
            case TRANSPORT_CLOSED -> {
                if (state.receive() == Receive.ASSUMED) {
                    yield closedAfterPeer(state.by(PEER), policy);
                }
                Transition ended = endOfInput(state, policy);
                yield prepended(ended.actions(), terminated(ended.state().by(TRANSPORT), policy));
            }
            default -> stay(state);
        };
    }

    private static Transition peerClosed(MachineState state, Input input, ShutdownPolicy policy) {
        return switch (input) {
            case REQUEST_BIDIRECTIONAL, REQUEST_FAST, REQUEST_QUIET -> flush(state.with(modeOf(input)));
            case END_OF_INPUT -> stay(state.ended());
            case TRANSPORT_CLOSED -> closedAfterPeer(state, policy);
            default -> stay(state);
        };
    }

    private static Transition flushing(MachineState state, Input input, ShutdownPolicy policy) {
        return switch (input) {
            case REQUEST_BIDIRECTIONAL, REQUEST_FAST, REQUEST_QUIET -> stay(state.with(modeOf(input)));
            case DATA_FLUSHED -> {
                if (state.mode() == ShutdownMode.QUIET) {
                    // SSL_set_quiet_shutdown: both flags are set, nothing is sent.
                    MachineState quiet = state.send() == Send.OPEN ? state.with(Send.ASSUMED) : state;
                    yield finish(quiet.receive() == Receive.OPEN ? quiet.with(Receive.ASSUMED) : quiet, policy,
                            MARK_QUIET);
                }
                yield state.send() == Send.OPEN
                        ? to(state.with(Send.CLOSE_NOTIFY).in(Phase.SEND), SEND_CLOSE_NOTIFY)
                        : alertLeft(state, policy);
            }
            case PEER_CLOSE_NOTIFY -> to(state.with(Receive.CLOSE_NOTIFY), IGNORE_INPUT);
            case END_OF_INPUT -> state.mode() == ShutdownMode.QUIET
                    ? stay(state.ended())
                    : endOfInput(state, policy);
            case FLUSH_FAILED, TIMER_EXPIRED -> failed(state, ShutdownResult.FLUSH_FAILED);
            case TRANSPORT_CLOSED -> closed(state.ended(), ShutdownResult.FLUSH_FAILED);
            default -> stay(state);
        };
    }

    private static Transition sending(MachineState state, Input input, ShutdownPolicy policy) {
        return switch (input) {
            case REQUEST_BIDIRECTIONAL, REQUEST_FAST, REQUEST_QUIET -> stay(state.with(modeAfterAlert(input)));
            case ALERT_FLUSHED -> alertLeft(state, policy);
            case PEER_CLOSE_NOTIFY -> to(state.with(Receive.CLOSE_NOTIFY), IGNORE_INPUT);
            // Not a truncation: our alert was attempted first. The peer left instead of answering.
            case END_OF_INPUT -> stay(unanswered(state));
            case FLUSH_FAILED, TIMER_EXPIRED -> failed(state, ShutdownResult.FLUSH_FAILED);
            case TRANSPORT_CLOSED -> closed(state.ended(), ShutdownResult.FLUSH_FAILED);
            default -> stay(state);
        };
    }

    private static Transition awaitingPeer(MachineState state, Input input, ShutdownPolicy policy) {
        return switch (input) {
            case REQUEST_FAST, REQUEST_QUIET -> finish(state.with(modeAfterAlert(input)), policy);
            case PEER_CLOSE_NOTIFY -> finish(state.with(Receive.CLOSE_NOTIFY), policy);
            case END_OF_INPUT -> finish(unanswered(state), policy);
            case TRANSPORT_CLOSED -> terminated(unanswered(state), policy);
            case TIMER_EXPIRED -> finish(state.decided(ShutdownResult.PEER_SILENT), policy);
            default -> stay(state);
        };
    }

    private static Transition lingering(MachineState state, Input input, ShutdownPolicy policy) {
        return switch (input) {
            // SSL_shutdown_ex: RAPID may be dropped by a later call.
            case REQUEST_BIDIRECTIONAL -> state.completed() || state.receive() != Receive.OPEN
                    ? stay(state)
                    : to(state.with(modeOf(input)).in(Phase.AWAIT_PEER), ARM_PEER_TIMER, Action.AWAIT_PEER);
            case PEER_CLOSE_NOTIFY -> {
                if (state.completed() || state.receive() != Receive.OPEN) {
                    yield stay(state);
                }
                MachineState received = state.with(Receive.CLOSE_NOTIFY);
                yield to(received.decided(resultOf(received, policy)).delivered(), IGNORE_INPUT, COMPLETE);
            }
            case END_OF_INPUT -> over(state.ended(), policy);
            case TIMER_EXPIRED, ACKNOWLEDGED -> over(state, policy);
            case TRANSPORT_CLOSED -> terminated(state, policy);
            default -> stay(state);
        };
    }

    /** A flag set by the caller counts from then on, but never undoes or follows what really happened. */
    private static Transition declared(MachineState state, Input input) {
        if (state.phase() == Phase.SEND && state.send() == Send.OPEN && input == Input.SET_SENT) {
            // The driver's report that the engine closed the handshake it gave up with a close_notify.
            return stay(state.with(Send.CLOSE_NOTIFY));
        }
        if (state.phase().compareTo(Phase.FLUSH) >= 0) {
            return stay(state);
        }
        if (input == Input.SET_SENT) {
            return stay(state.send() == Send.OPEN ? state.with(Send.ASSUMED) : state);
        }
        return stay(state.receive() == Receive.OPEN ? state.with(Receive.ASSUMED) : state);
    }

    private static Transition fatalAlert(MachineState state) {
        // RFC 8446 6.1: any data received after a closure alert MUST be ignored; so is what it makes the engine say.
        if (state.receive() == Receive.CLOSE_NOTIFY) {
            return stay(state);
        }
        return failed(state.by(PEER), state.phase() == Phase.HANDSHAKE
                ? ShutdownResult.ABORTED : ShutdownResult.FATAL_ALERT);
    }

    /** The input ended before our alert and without the peer's. */
    private static Transition endOfInput(MachineState state, ShutdownPolicy policy) {
        MachineState ended = state.ended();
        if (state.receive() != Receive.OPEN) {
            return stay(ended);
        }
        ended = ended.with(Receive.ENDED);
        return switch (policy.onTruncation()) {
            case FAIL -> to(ended.decided(ShutdownResult.TRUNCATED), RAISE_TRUNCATION);
            case REPORT -> stay(ended.decided(ShutdownResult.TRUNCATED));
            case IGNORE -> stay(ended);
        };
    }

    private static MachineState unanswered(MachineState state) {
        MachineState ended = state.ended();
        return state.receive() == Receive.OPEN ? ended.with(Receive.ENDED) : ended;
    }

    private static Transition flush(MachineState state) {
        return to(state.in(Phase.FLUSH), ARM_FLUSH_TIMER, FLUSH_DATA);
    }

    /** Our close_notify is in the kernel, or counts as sent. */
    private static Transition alertLeft(MachineState state, ShutdownPolicy policy) {
        if (state.inputEnded()) {
            return finish(unanswered(state), policy);
        }
        boolean await = state.mode() == ShutdownMode.BIDIRECTIONAL
                && state.receive() == Receive.OPEN
                && state.result() == null;
        return await
                ? to(state.in(Phase.AWAIT_PEER), ARM_PEER_TIMER, Action.AWAIT_PEER)
                : finish(state, policy);
    }

    /** Nothing more is awaited. */
    private static Transition finish(MachineState state, ShutdownPolicy policy, Action... first) {
        if (state.inputEnded() || policy.linger().isZero()) {
            return prepended(List.of(first), over(state, policy));
        }
        List<Action> actions = new ArrayList<>(List.of(first));
        MachineState lingering = state.in(Phase.LINGER);
        actions.add(ARM_LINGER_TIMER);
        // With both alerts exchanged or the peer given up the outcome stands; otherwise a reset, or the peer's
        // close_notify, may still change it.
        if (state.result() != null || state.receive() == Receive.CLOSE_NOTIFY) {
            lingering = lingering.decided(resultOf(state, policy)).delivered();
            actions.add(COMPLETE);
        }
        actions.add(HALF_CLOSE);
        actions.add(lingering.completed() || state.receive() != Receive.OPEN ? IGNORE_INPUT : DISCARD_DATA);
        return new Transition(lingering, List.copyOf(actions));
    }

    /** The linger, if any, is over. */
    private static Transition over(MachineState state, ShutdownPolicy policy) {
        return failed(state, resultOf(state, policy));
    }

    /** Ends at once, with this result unless one was decided before. */
    private static Transition failed(MachineState state, ShutdownResult result) {
        MachineState end = state.decided(result).delivered().in(Phase.TERMINATED);
        return state.completed()
                ? to(end, CANCEL_TIMER, CLOSE_TRANSPORT)
                : to(end, CANCEL_TIMER, COMPLETE, CLOSE_TRANSPORT);
    }

    /** The same where the transport is closed already. */
    private static Transition closed(MachineState state, ShutdownResult result) {
        MachineState end = state.decided(result).delivered().in(Phase.TERMINATED);
        return state.completed() ? to(end, CANCEL_TIMER) : to(end, CANCEL_TIMER, COMPLETE);
    }

    private static Transition terminated(MachineState state, ShutdownPolicy policy) {
        return closed(state, resultOf(state, policy));
    }

    /** The transport closed before our answer to the peer's close_notify could leave. */
    private static Transition closedAfterPeer(MachineState state, ShutdownPolicy policy) {
        return state.send() == Send.OPEN
                ? closed(state.ended(), ShutdownResult.FLUSH_FAILED)
                : terminated(state.ended(), policy);
    }

    /** The result of a shutdown in which nothing failed. */
    private static ShutdownResult resultOf(MachineState state, ShutdownPolicy policy) {
        if (state.result() != null) {
            return state.result();
        }
        if (state.send() == Send.ASSUMED
                && (state.mode() == ShutdownMode.QUIET || state.receive() == Receive.ASSUMED)) {
            return ShutdownResult.QUIET;
        }
        return switch (state.receive()) {
            case CLOSE_NOTIFY -> ShutdownResult.CLEAN;
            case OPEN, ASSUMED -> ShutdownResult.UNIDIRECTIONAL;
            case ENDED -> {
                if (policy.onTruncation() == TruncationPolicy.IGNORE) {
                    yield ShutdownResult.CLEAN;
                }
                yield state.mode() == ShutdownMode.BIDIRECTIONAL
                        ? ShutdownResult.UNANSWERED
                        : ShutdownResult.UNIDIRECTIONAL;
            }
        };
    }

    private static ShutdownMode modeOf(Input request) {
        return switch (request) {
            case REQUEST_BIDIRECTIONAL -> ShutdownMode.BIDIRECTIONAL;
            case REQUEST_FAST -> ShutdownMode.FAST;
            case REQUEST_QUIET -> ShutdownMode.QUIET;
            default -> throw new IllegalArgumentException("input: " + request + " (expected: a request)");
        };
    }

    /** An alert that has left cannot be taken back. */
    private static ShutdownMode modeAfterAlert(Input request) {
        return request == Input.REQUEST_QUIET ? ShutdownMode.FAST : modeOf(request);
    }

    private static Transition stay(MachineState state) {
        return new Transition(state, List.of());
    }

    private static Transition to(MachineState state, Action... actions) {
        return new Transition(state, List.of(actions));
    }

    private static Transition prepended(List<Action> first, Transition rest) {
        if (first.isEmpty()) {
            return rest;
        }
        List<Action> actions = new ArrayList<>(first);
        actions.addAll(rest.actions());
        return new Transition(rest.state(), List.copyOf(actions));
    }
}
