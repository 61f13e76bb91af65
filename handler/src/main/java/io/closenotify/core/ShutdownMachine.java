package io.closenotify.core;

import static io.closenotify.ShutdownInitiator.LOCAL;
import static io.closenotify.ShutdownInitiator.PEER;
import static io.closenotify.ShutdownInitiator.TRANSPORT;
import static io.closenotify.core.Action.ABANDON_HANDSHAKE;
import static io.closenotify.core.Action.ANNOUNCE_PEER_CLOSE;
import static io.closenotify.core.Action.ANSWER_AFTER_READ;
import static io.closenotify.core.Action.ARM_DEFER_TIMER;
import static io.closenotify.core.Action.ARM_FLUSH_TIMER;
import static io.closenotify.core.Action.ARM_LINGER_TIMER;
import static io.closenotify.core.Action.ARM_PEER_TIMER;
import static io.closenotify.core.Action.ARM_TICKET_TIMER;
import static io.closenotify.core.Action.CLOSE_TRANSPORT;
import static io.closenotify.core.Action.COMPLETE;
import static io.closenotify.core.Action.DELIVER_HELD;
import static io.closenotify.core.Action.DISCARD_DATA;
import static io.closenotify.core.Action.FLUSH_DATA;
import static io.closenotify.core.Action.HALF_CLOSE;
import static io.closenotify.core.Action.HOLD_INPUT;
import static io.closenotify.core.Action.IGNORE_INPUT;
import static io.closenotify.core.Action.MARK_QUIET;
import static io.closenotify.core.Action.RAISE_TRUNCATION;
import static io.closenotify.core.Action.READ_TICKETS;
import static io.closenotify.core.Action.RELEASE_TLS;
import static io.closenotify.core.Action.SEND_CLOSE_NOTIFY;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationPolicy;
import io.closenotify.core.MachineState.Receive;
import io.closenotify.core.MachineState.Send;
import io.closenotify.core.Rules.Messages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Decides how a connection ends: a pure function from state, input and rules to the next state and the actions.
 *
 * <p><b>States</b> ({@link Phase}):
 *
 * <pre>
 * HANDSHAKE → OPEN → (PEER_CLOSED) → FLUSH → (TICKETS) → SEND → AWAIT_PEER → LINGER → TERMINATED
 *                                                                          ↘ RELEASE ↗
 * </pre>
 *
 * <p>{@code RELEASE} is the end of TLS on a transport that lives on. Every phase can end in {@code TERMINATED}, which
 * absorbs all inputs. On every path there is at most one close_notify, one outcome and one closing of the transport.
 *
 * <p><b>Specification:</b> {@code SSL_shutdown(3)}, RFC 8446, section 6.1, RFC 5246, section 7.2.1; the clause stands
 * beside the branch it governs.
 */
public final class ShutdownMachine {

    /** The states are few, so that each question is answered once and the answers are shared by all connections. */
    private static final Map<Question, Transition> ANSWERS = new ConcurrentHashMap<>();

    private ShutdownMachine() {
    }

    /**
     * Answers an input.
     *
     * @param state the current state
     * @param input what happened
     * @param rules what counts of the policy in force, and of the application's messages
     * @return the next state and the actions
     */
    public static Transition next(MachineState state, Input input, Rules rules) {
        Question question = new Question(state, input, rules);
        Transition known = ANSWERS.get(question);
        if (known == null) {
            known = decide(state, input, rules);
            ANSWERS.put(question, known);
        }
        return known;
    }

    private record Question(MachineState state, Input input, Rules rules) {
    }

    private static Transition decide(MachineState state, Input input, Rules rules) {
        if (state.phase() == Phase.TERMINATED) {
            return stay(state);
        }
        return switch (input) {
            case RESET -> terminate(state.by(TRANSPORT), during(state, ShutdownResult.RESET));
            case FATAL_ALERT -> fatalAlert(state, rules);
            case CAP_EXCEEDED, ABORT -> terminate(state.by(LOCAL), ShutdownResult.ABORTED);
            case SET_SENT, SET_RECEIVED -> declared(state, input);
            case ENGINE_SENT -> stay(state.with(Send.CLOSE_NOTIFY));
            default -> switch (state.phase()) {
                case HANDSHAKE -> inHandshake(state, input);
                case ABANDON -> abandoning(state, input, rules);
                case OPEN -> open(state, input, rules);
                case PEER_CLOSED -> peerClosed(state, input, rules);
                case FLUSH -> flushing(state, input, rules);
                case TICKETS -> awaitingTickets(state, input, rules);
                case SEND -> sending(state, input, rules);
                case AWAIT_PEER -> awaitingPeer(state, input, rules);
                case RELEASE -> releasing(state, input);
                case LINGER -> lingering(state, input);
                case TERMINATED -> stay(state);
            };
        };
    }

    private static Transition inHandshake(MachineState state, Input input) {
        return switch (input) {
            case HANDSHAKE_COMPLETED -> stay(state.in(Phase.OPEN));
            // BoringSSL's SSL_shutdown sends nothing in init; the JDK sends RFC 8446's user_canceled.
            case REQUEST_BIDIRECTIONAL, REQUEST_FAST -> to(
                    state.with(modeOf(input)).by(LOCAL).in(Phase.ABANDON), ARM_FLUSH_TIMER, ABANDON_HANDSHAKE);
            case REQUEST_QUIET ->
                    terminate(state.with(ShutdownMode.QUIET).by(LOCAL), ShutdownResult.ABORTED);
            case PEER_CLOSE_NOTIFY ->
                    terminate(state.with(Receive.CLOSE_NOTIFY).by(PEER), ShutdownResult.ABORTED);
            case END_OF_INPUT -> terminate(state.ended().by(TRANSPORT), ShutdownResult.ABORTED);
            case TRANSPORT_CLOSED -> closed(state.by(TRANSPORT), ShutdownResult.ABORTED);
            default -> stay(state);
        };
    }

    private static Transition abandoning(MachineState state, Input input, Rules rules) {
        return switch (input) {
            case ALERT_FLUSHED -> finish(state, ShutdownResult.ABORTED, rules);
            case FLUSH_FAILED, TIMER_EXPIRED, END_OF_INPUT -> terminate(state, ShutdownResult.ABORTED);
            case TRANSPORT_CLOSED -> closed(state, ShutdownResult.ABORTED);
            default -> stay(state);
        };
    }

    private static Transition open(MachineState state, Input input, Rules rules) {
        return switch (input) {
            case REQUEST_BIDIRECTIONAL, REQUEST_FAST, REQUEST_QUIET ->
                    flush(state.with(modeOf(input)).by(LOCAL));
            // RFC 8446 6.1: the peer's close_notify has no effect on our write side. What the application writes while
            // it handles the data before the alert goes out before our answer.
            case PEER_CLOSE_NOTIFY -> prepended(List.of(behindPeersAlert(rules)),
                    answer(state.with(Receive.CLOSE_NOTIFY), rules));
            case PEER_ALERT_HELD -> answer(state, rules);
            case END_OF_INPUT -> {
                if (state.receive() == Receive.ASSUMED) {
                    yield answer(state.ended(), rules);
                }
                Transition ended = endOfInput(state, rules);
                yield prepended(ended.actions(), flush(ended.state().by(TRANSPORT)));
            }
            case TRANSPORT_CLOSED -> {
                if (state.receive() == Receive.ASSUMED) {
                    yield closedAfterPeer(state.by(PEER));
                }
                if (rules.datagrams()) {
                    yield closed(state.by(TRANSPORT), ShutdownResult.RESET);
                }
                Transition ended = endOfInput(state, rules);
                yield prepended(ended.actions(),
                        closed(ended.state().by(TRANSPORT), resultOf(ended.state())));
            }
            default -> stay(state);
        };
    }

    /** The application has the word. */
    private static Transition answer(MachineState state, Rules rules) {
        MachineState told = state.by(PEER).in(Phase.PEER_CLOSED);
        return rules.defers()
                ? to(told, ARM_DEFER_TIMER, ANNOUNCE_PEER_CLOSE)
                : to(told, ANNOUNCE_PEER_CLOSE, ANSWER_AFTER_READ);
    }

    /** RFC 8446 6.1: what follows a closure alert MUST be ignored, unless it is no longer TLS. */
    private static Action behindPeersAlert(Rules rules) {
        return rules.keeps() ? HOLD_INPUT : IGNORE_INPUT;
    }

    private static Transition peerClosed(MachineState state, Input input, Rules rules) {
        return switch (input) {
            case REQUEST_BIDIRECTIONAL, REQUEST_FAST, REQUEST_QUIET -> flush(state.with(modeOf(input)));
            case TIMER_EXPIRED -> flush(state);
            case PEER_CLOSE_NOTIFY -> to(state.with(Receive.CLOSE_NOTIFY), behindPeersAlert(rules));
            case END_OF_INPUT -> stay(state.ended());
            case FLUSH_FAILED -> terminate(state, ShutdownResult.FLUSH_FAILED);
            case TRANSPORT_CLOSED -> closedAfterPeer(state);
            default -> stay(state);
        };
    }

    private static Transition flushing(MachineState state, Input input, Rules rules) {
        return switch (input) {
            case REQUEST_BIDIRECTIONAL, REQUEST_FAST -> state.inputEnded()
                    ? endOfInput(state.with(modeOf(input)), rules)
                    : stay(state.with(modeOf(input)));
            case REQUEST_QUIET -> stay(state.with(ShutdownMode.QUIET));
            case DATA_FLUSHED -> send(state, rules);
            case TICKETS_DUE -> state.mode() == ShutdownMode.QUIET || state.send() != Send.OPEN
                    || state.receive() != Receive.OPEN || state.inputEnded()
                    ? send(state, rules)
                    : to(state.in(Phase.TICKETS), ARM_TICKET_TIMER, READ_TICKETS);
            case PEER_CLOSE_NOTIFY -> to(state.with(Receive.CLOSE_NOTIFY), behindPeersAlert(rules));
            case END_OF_INPUT -> state.mode() == ShutdownMode.QUIET
                    ? stay(state.ended())
                    : endOfInput(state, rules);
            case FLUSH_FAILED, TIMER_EXPIRED -> terminate(state, ShutdownResult.FLUSH_FAILED);
            case TRANSPORT_CLOSED -> closed(state.ended(), ShutdownResult.FLUSH_FAILED);
            default -> stay(state);
        };
    }

    /** All that was written has reached the kernel. */
    private static Transition send(MachineState state, Rules rules) {
        if (state.mode() == ShutdownMode.QUIET) {
            return prepended(List.of(MARK_QUIET), finish(quiet(state), rules));
        }
        return state.send() == Send.OPEN
                ? to(state.with(Send.CLOSE_NOTIFY).in(Phase.SEND), SEND_CLOSE_NOTIFY)
                : alertLeft(state, rules);
    }

    /**
     * A TLS 1.3 client that never read has no ticket to resume by, and the engine would ignore those that come late.
     */
    private static Transition awaitingTickets(MachineState state, Input input, Rules rules) {
        return switch (input) {
            case REQUEST_BIDIRECTIONAL, REQUEST_FAST -> stay(state.with(modeOf(input)));
            case REQUEST_QUIET -> send(state.with(ShutdownMode.QUIET), rules);
            case TICKETS_READ, TIMER_EXPIRED -> sendAfterTickets(state, rules);
            case PEER_CLOSE_NOTIFY -> prepended(List.of(behindPeersAlert(rules)),
                    sendAfterTickets(state.with(Receive.CLOSE_NOTIFY), rules));
            case END_OF_INPUT -> {
                Transition ended = endOfInput(state, rules);
                yield prepended(ended.actions(), sendAfterTickets(ended.state(), rules));
            }
            case TRANSPORT_CLOSED -> closed(state.ended(), ShutdownResult.FLUSH_FAILED);
            case FLUSH_FAILED -> terminate(state, ShutdownResult.FLUSH_FAILED);
            default -> stay(state);
        };
    }

    /** The flush timer has been replaced meanwhile. */
    private static Transition sendAfterTickets(MachineState state, Rules rules) {
        Transition sent = send(state, rules);
        return sent.state().phase() == Phase.SEND ? prepended(List.of(ARM_FLUSH_TIMER), sent) : sent;
    }

    private static Transition sending(MachineState state, Input input, Rules rules) {
        return switch (input) {
            case REQUEST_BIDIRECTIONAL, REQUEST_FAST, REQUEST_QUIET -> stay(state.with(modeAfterAlert(input)));
            case ALERT_FLUSHED -> alertLeft(state, rules);
            case PEER_CLOSE_NOTIFY -> to(state.with(Receive.CLOSE_NOTIFY), behindPeersAlert(rules));
            case END_OF_INPUT -> endOfInputInstead(state, rules);
            case FLUSH_FAILED, TIMER_EXPIRED -> terminate(state, ShutdownResult.FLUSH_FAILED);
            case TRANSPORT_CLOSED -> closed(state.ended(), ShutdownResult.FLUSH_FAILED);
            default -> stay(state);
        };
    }

    private static Transition awaitingPeer(MachineState state, Input input, Rules rules) {
        return switch (input) {
            case REQUEST_FAST, REQUEST_QUIET -> finish(state.with(modeAfterAlert(input)), rules);
            case PEER_CLOSE_NOTIFY -> rules.keeps()
                    ? to(state.with(Receive.CLOSE_NOTIFY).in(Phase.RELEASE), HOLD_INPUT, RELEASE_TLS)
                    : finish(state.with(Receive.CLOSE_NOTIFY), rules);
            case RENEW_PEER_TIMER -> to(state, ARM_PEER_TIMER, Action.AWAIT_PEER);
            case END_OF_INPUT -> {
                Transition ended = endOfInputInstead(state, rules);
                yield prepended(ended.actions(), finish(ended.state(), rules));
            }
            case TRANSPORT_CLOSED -> {
                Transition ended = endOfInputInstead(state, rules);
                yield prepended(ended.actions(), closed(ended.state(), resultOf(ended.state())));
            }
            case TIMER_EXPIRED -> finish(state, ShutdownResult.PEER_SILENT, rules);
            default -> stay(state);
        };
    }

    private static Transition releasing(MachineState state, Input input) {
        return switch (input) {
            case TLS_RELEASED -> to(
                    state.in(Phase.TERMINATED).completed(ShutdownResult.CLEAN), COMPLETE, DELIVER_HELD);
            case TRANSPORT_CLOSED -> closed(state, ShutdownResult.ABORTED);
            case END_OF_INPUT -> stay(state.ended());
            default -> stay(state);
        };
    }

    private static Transition lingering(MachineState state, Input input) {
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
                yield to(received.completed(resultOf(received)), IGNORE_INPUT, COMPLETE);
            }
            case END_OF_INPUT -> terminate(state.ended(), resultOf(state));
            case TIMER_EXPIRED, ACKNOWLEDGED -> terminate(state, resultOf(state));
            case TRANSPORT_CLOSED -> closed(state, resultOf(state));
            default -> stay(state);
        };
    }

    /** A flag set by the caller counts from then on, but never undoes or follows what really happened. */
    private static Transition declared(MachineState state, Input input) {
        if (state.shuttingDown()) {
            return stay(state);
        }
        if (input == Input.SET_SENT) {
            return stay(state.send() == Send.OPEN ? state.with(Send.ASSUMED) : state);
        }
        return stay(state.receive() == Receive.OPEN ? state.with(Receive.ASSUMED) : state);
    }

    private static Transition fatalAlert(MachineState state, Rules rules) {
        if (state.receive() == Receive.CLOSE_NOTIFY) {
            // RFC 8446 6.1: data received after a closure alert MUST be ignored; so is what it makes the engine say.
            return stay(state);
        }
        if (state.phase() == Phase.AWAIT_PEER) {
            // All of ours has left: the linger keeps a reset from destroying it.
            return finish(state.by(PEER), ShutdownResult.FATAL_ALERT, rules);
        }
        if (state.phase() == Phase.LINGER) {
            return state.completed() ? stay(state)
                    : to(state.completed(ShutdownResult.FATAL_ALERT), IGNORE_INPUT, COMPLETE);
        }
        return terminate(state.by(PEER), during(state, ShutdownResult.FATAL_ALERT));
    }

    /** The same failure is another result while there is no connection yet. */
    private static ShutdownResult during(MachineState state, ShutdownResult result) {
        return state.phase() == Phase.HANDSHAKE || state.phase() == Phase.ABANDON ? ShutdownResult.ABORTED : result;
    }

    /** The input ended before our alert, and perhaps without the peer's. */
    private static Transition endOfInput(MachineState state, Rules rules) {
        MachineState ended = state.ended();
        if (state.receive() != Receive.OPEN) {
            return stay(ended);
        }
        if (isForgiven(rules)) {
            return stay(ended.with(Receive.FORGIVEN));
        }
        return switch (rules.onTruncation()) {
            case FAIL -> to(ended.with(Receive.TRUNCATED), RAISE_TRUNCATION);
            case REPORT, IGNORE -> stay(ended.with(Receive.TRUNCATED));
        };
    }

    /**
     * RFC 9112 9.8: what is complete by its own account is complete, close_notify or not. But SSL_shutdown(3): for a
     * transport that is to live on, the complete procedure is needed.
     */
    private static boolean isForgiven(Rules rules) {
        return !rules.keeps() && (rules.messages() == Messages.COMPLETE
                || rules.onTruncation() == TruncationPolicy.IGNORE);
    }

    /** The input ended instead of an answer to our alert. */
    private static Transition endOfInputInstead(MachineState state, Rules rules) {
        return rules.keeps() || rules.messages() == Messages.CUT
                ? endOfInput(state, rules)
                : stay(unanswered(state, rules));
    }

    /** The peer left instead of answering, which is no truncation by itself. */
    private static MachineState unanswered(MachineState state, Rules rules) {
        MachineState ended = state.ended();
        if (state.receive() != Receive.OPEN) {
            return ended;
        }
        return ended.with(rules.onTruncation() == TruncationPolicy.IGNORE ? Receive.FORGIVEN : Receive.ENDED);
    }

    /** SSL_set_quiet_shutdown: both flags are set, nothing is sent. */
    private static MachineState quiet(MachineState state) {
        MachineState sent = state.send() == Send.OPEN ? state.with(Send.ASSUMED) : state;
        return sent.receive() == Receive.OPEN ? sent.with(Receive.ASSUMED) : sent;
    }

    private static Transition flush(MachineState state) {
        return to(state.in(Phase.FLUSH), ARM_FLUSH_TIMER, FLUSH_DATA);
    }

    /** Our close_notify is in the kernel, or counts as sent. */
    private static Transition alertLeft(MachineState state, Rules rules) {
        if (state.receive() == Receive.CLOSE_NOTIFY && rules.keeps()) {
            return to(state.in(Phase.RELEASE), RELEASE_TLS);
        }
        if (state.inputEnded()) {
            return finish(unanswered(state, rules), rules);
        }
        return state.mode() == ShutdownMode.BIDIRECTIONAL && state.receive() == Receive.OPEN
                ? to(state.in(Phase.AWAIT_PEER), ARM_PEER_TIMER, Action.AWAIT_PEER)
                : finish(state, rules);
    }

    /** Nothing more is awaited, and nothing failed. */
    private static Transition finish(MachineState state, Rules rules) {
        ShutdownResult result = resultOf(state);
        if (state.receive() == Receive.CLOSE_NOTIFY || rules.datagrams() || !lingers(state, rules)) {
            return finish(state, result, rules);
        }
        // A reset while we linger would mean that data was destroyed, and the peer's close_notify may still come: the
        // outcome waits for the end of the linger.
        Action input = state.receive() == Receive.OPEN ? DISCARD_DATA : IGNORE_INPUT;
        return to(state.in(Phase.LINGER), ARM_LINGER_TIMER, HALF_CLOSE, input);
    }

    /** Nothing more is awaited, and the result stands. */
    private static Transition finish(MachineState state, ShutdownResult result, Rules rules) {
        if (!lingers(state, rules)) {
            return terminate(state, result);
        }
        MachineState lingering = state.in(Phase.LINGER).completed(result);
        return rules.datagrams()
                ? to(lingering, ARM_LINGER_TIMER, COMPLETE, IGNORE_INPUT)
                : to(lingering, ARM_LINGER_TIMER, COMPLETE, HALF_CLOSE, IGNORE_INPUT);
    }

    /** Until the peer's FIN; over datagrams, to answer late records by our close_notify, if it was sent. */
    private static boolean lingers(MachineState state, Rules rules) {
        boolean hasPurpose = rules.datagrams()
                ? state.send() == Send.CLOSE_NOTIFY && state.mode() != ShutdownMode.QUIET
                        && state.phase() != Phase.ABANDON
                : !state.inputEnded();
        return rules.lingers() && hasPurpose;
    }

    private static Transition terminate(MachineState state, ShutdownResult result) {
        MachineState end = state.in(Phase.TERMINATED);
        return state.completed() ? to(end, CLOSE_TRANSPORT) : to(end.completed(result), COMPLETE, CLOSE_TRANSPORT);
    }

    /** The transport is closed already. */
    private static Transition closed(MachineState state, ShutdownResult result) {
        MachineState end = state.in(Phase.TERMINATED);
        return state.completed() ? stay(end) : to(end.completed(result), COMPLETE);
    }

    /** The transport closed before our answer to the peer's close_notify could leave. */
    private static Transition closedAfterPeer(MachineState state) {
        return closed(state.ended(),
                state.send() == Send.OPEN ? ShutdownResult.FLUSH_FAILED : resultOf(state));
    }

    /** The result of a shutdown in which nothing failed on our side. */
    private static ShutdownResult resultOf(MachineState state) {
        if (state.receive() == Receive.TRUNCATED) {
            return ShutdownResult.TRUNCATED;
        }
        if (state.send() == Send.ASSUMED
                && (state.mode() == ShutdownMode.QUIET || state.receive() == Receive.ASSUMED)) {
            return ShutdownResult.QUIET;
        }
        if (state.receive() == Receive.CLOSE_NOTIFY || state.receive() == Receive.FORGIVEN) {
            return ShutdownResult.CLEAN;
        }
        return state.receive() == Receive.ENDED && state.mode() == ShutdownMode.BIDIRECTIONAL
                ? ShutdownResult.UNANSWERED
                : ShutdownResult.UNIDIRECTIONAL;
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
        if (rest.actions().containsAll(first)) {
            return rest;
        }
        List<Action> actions = new ArrayList<>(first);
        actions.addAll(rest.actions());
        return new Transition(rest.state(), List.copyOf(actions));
    }
}
