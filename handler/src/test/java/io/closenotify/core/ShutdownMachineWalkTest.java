package io.closenotify.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.core.MachineState.Receive;
import io.closenotify.core.MachineState.Send;
import io.closenotify.core.MachineWalk.Start;
import io.closenotify.core.MachineWalk.Step;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every state that can be reached and every input, whatever the policy. */
class ShutdownMachineWalkTest {

    static List<Start> starts() {
        return MachineWalk.starts();
    }

    static List<Start> startsOverDatagrams() {
        return MachineWalk.startsOverDatagrams();
    }

    @ParameterizedTest
    @MethodSource("starts")
    void every_transition_keeps_the_invariants(Start start) {
        Set<MachineState> states = MachineWalk.reachable(start);
        assertThat(states).hasSizeGreaterThan(30);
        for (MachineState state : states) {
            start.steps(state).forEach(step -> check(state, step));
        }
    }

    private static void check(MachineState from, Step step) {
        Input input = step.input();
        MachineState to = step.transition().state();
        List<Action> actions = step.transition().actions();
        Supplier<String> what = () -> from + " + " + input + " under " + step.rules() + " -> " + step.transition();

        assertThat(actions).as(what).doesNotHaveDuplicates();
        if (from.phase() == Phase.TERMINATED) {
            assertThat(to).as(() -> "terminated absorbs: " + what.get()).isEqualTo(from);
            assertThat(actions).as(() -> "terminated absorbs: " + what.get()).isEmpty();
            return;
        }
        assertThat(to.phase()).as(() -> "no way back: " + what.get()).matches(next -> next.compareTo(from.phase()) >= 0
                || from.phase() == Phase.LINGER && next == Phase.AWAIT_PEER);
        if (from.send() != Send.OPEN) {
            assertThat(to.send()).as(() -> "sending is never undone: " + what.get()).isNotEqualTo(Send.OPEN);
        }
        if (from.receive() == Receive.CLOSE_NOTIFY) {
            assertThat(to.receive()).as(() -> "receiving is never undone: " + what.get())
                    .isEqualTo(Receive.CLOSE_NOTIFY);
        }
        if (from.result() != null) {
            assertThat(to.result()).as(() -> "the first result stays: " + what.get()).isEqualTo(from.result());
        }
        if (from.initiator() != null) {
            assertThat(to.initiator()).as(() -> "the first initiator stays: " + what.get()).isEqualTo(from.initiator());
        }
        if (actions.contains(Action.SEND_CLOSE_NOTIFY)) {
            assertThat(from.send()).as(() -> "one alert: " + what.get()).isEqualTo(Send.OPEN);
            assertThat(to.send()).as(() -> "one alert: " + what.get()).isEqualTo(Send.CLOSE_NOTIFY);
            assertThat(from.mode()).as(() -> "none if quiet: " + what.get()).isNotEqualTo(ShutdownMode.QUIET);
        }
        assertThat(actions.contains(Action.COMPLETE)).as(() -> "one outcome, told when completed: " + what.get())
                .isEqualTo(!from.completed() && to.completed());
        if (to.phase() == Phase.TERMINATED) {
            assertThat(to.completed()).as(() -> "an end has an outcome: " + what.get()).isTrue();
        }
        if (actions.contains(Action.CLOSE_TRANSPORT)) {
            assertThat(to.phase()).as(() -> "the transport is closed at the end only: " + what.get())
                    .isEqualTo(Phase.TERMINATED);
        } else if (to.phase() == Phase.TERMINATED) {
            assertThat(input).as(() -> "or was closed already, or lives on: " + what.get())
                    .isIn(Input.TRANSPORT_CLOSED, Input.TLS_RELEASED);
        }
        if (to.phase() == Phase.RELEASE) {
            assertThat(to).as(() -> "TLS ends with both alerts: " + what.get()).matches(state ->
                    state.send() != Send.OPEN && state.receive() == Receive.CLOSE_NOTIFY);
            assertThat(step.rules().keeps()).as(() -> "the transport lives on if asked for only: " + what.get())
                    .isTrue();
        }
        assertThat(arms(actions)).as(() -> "one timer a phase: " + what.get())
                .isEqualTo(armsOnce(from.phase(), to.phase(), step) ? 1 : 0);
        if (to.completed() && !from.completed()) {
            checkResult(to, what);
        }
    }

    private static void checkResult(MachineState state, Supplier<String> what) {
        switch (state.result()) {
            case CLEAN -> assertThat(state.receive() == Receive.CLOSE_NOTIFY && state.send() != Send.OPEN
                    || state.receive() == Receive.FORGIVEN)
                    .as(() -> "clean means both alerts: " + what.get()).isTrue();
            case UNIDIRECTIONAL -> assertThat(state.send())
                    .as(() -> "unidirectional means ours: " + what.get()).isNotEqualTo(Send.OPEN);
            case QUIET -> assertThat(state.send()).as(() -> "quiet sends none: " + what.get()).isEqualTo(Send.ASSUMED);
            case UNANSWERED -> assertThat(state)
                    .as(() -> "unanswered means ours, then the end of input: " + what.get())
                    .matches(end -> end.send() != Send.OPEN && end.receive() == Receive.ENDED);
            case TRUNCATED -> assertThat(state.receive())
                    .as(() -> "truncated means without the peer's: " + what.get()).isEqualTo(Receive.TRUNCATED);
            case PEER_SILENT -> assertThat(state)
                    .as(() -> "silent means ours only: " + what.get())
                    .matches(end -> end.send() != Send.OPEN && end.receive() == Receive.OPEN);
            default -> assertThat(state.result().isSuccess()).as(() -> "a failure is none: " + what.get()).isFalse();
        }
    }

    private static boolean armsOnce(Phase from, Phase to, Step step) {
        if (to == from) {
            return from == Phase.AWAIT_PEER && step.input() == Input.RENEW_PEER_TIMER;
        }
        return switch (to) {
            case ABANDON, FLUSH, TICKETS, AWAIT_PEER, LINGER -> true;
            case PEER_CLOSED -> step.rules().defers();
            // The data and the alert have one deadline, but the wait for tickets is not part of it.
            case SEND -> from == Phase.TICKETS;
            case HANDSHAKE, OPEN, RELEASE, TERMINATED -> false;
        };
    }

    private static int arms(List<Action> actions) {
        return (int) actions.stream().filter(action -> action.name().startsWith("ARM_")).count();
    }

    @ParameterizedTest
    @MethodSource("starts")
    void timers_alone_end_every_shutdown(Start start) {
        for (MachineState from : MachineWalk.reachable(start)) {
            MachineState state = from;
            // The release of TLS has no timer: it is done in the same turn of the event loop.
            for (int timers = 0; timers < 4 && state.shuttingDown() && state.phase() != Phase.RELEASE; timers++) {
                state = ShutdownMachine.next(state, Input.TIMER_EXPIRED, start.rules()).state();
            }
            assertThat(state).as(from::toString)
                    .matches(end -> !end.shuttingDown() || end.phase() == Phase.RELEASE);
        }
    }

    @ParameterizedTest
    @MethodSource("starts")
    void every_sequence_of_inputs_has_at_most_one_alert_one_outcome_and_one_close(Start start) {
        // Sequences of any length: what has happened so far is part of what is walked.
        Set<Walked> seen = new HashSet<>();
        Deque<Walked> open = new ArrayDeque<>(List.of(new Walked(start.state(), 0, 0, 0)));
        while (!open.isEmpty()) {
            Walked walked = open.remove();
            if (seen.add(walked)) {
                for (Step step : start.steps(walked.state())) {
                    Walked next = walked.by(step.transition());
                    if (next.alerts() > 1 || next.outcomes() > 1 || next.closes() > 1) {
                        throw new AssertionError(walked + " + " + step);
                    }
                    open.add(next);
                }
            }
        }
    }

    private record Walked(MachineState state, int alerts, int outcomes, int closes) {

        Walked by(Transition transition) {
            return new Walked(transition.state(),
                    alerts + count(transition, Action.SEND_CLOSE_NOTIFY),
                    outcomes + count(transition, Action.COMPLETE),
                    closes + count(transition, Action.CLOSE_TRANSPORT));
        }
    }

    private static int count(Transition transition, Action action) {
        return transition.actions().contains(action) ? 1 : 0;
    }

    @ParameterizedTest
    @MethodSource("starts")
    void a_fatal_alert_is_followed_by_no_close_notify(Start start) {
        for (MachineState state : MachineWalk.reachable(start)) {
            Transition transition = ShutdownMachine.next(state, Input.FATAL_ALERT, start.rules());
            if (state.receive() != Receive.CLOSE_NOTIFY) {
                assertThat(transition.state().completed()).isTrue();
                assertThat(transition.state().phase()).isGreaterThanOrEqualTo(Phase.LINGER);
            }
            assertThat(transition.actions()).doesNotContain(Action.SEND_CLOSE_NOTIFY);
        }
    }

    @Test
    void an_end_of_input_in_a_quiet_flush_is_a_truncation_once_it_is_no_longer_quiet() {
        Rules rules = Rules.of(ShutdownPolicy.bidirectional());
        MachineState state = MachineState.initial(ShutdownMode.QUIET);
        for (Input input : List.of(Input.HANDSHAKE_COMPLETED, Input.REQUEST_QUIET, Input.END_OF_INPUT,
                Input.REQUEST_BIDIRECTIONAL, Input.DATA_FLUSHED, Input.ALERT_FLUSHED)) {
            state = ShutdownMachine.next(state, input, rules).state();
        }
        assertThat(state.result()).isEqualTo(ShutdownResult.TRUNCATED);
    }

    @ParameterizedTest
    @MethodSource("starts")
    void a_whole_close_notify_is_never_a_truncation(Start start) {
        for (MachineState state : MachineWalk.reachable(start)) {
            if (state.receive() == Receive.CLOSE_NOTIFY && state.result() == null) {
                start.steps(state).forEach(step -> assertThat(step.transition().state().result())
                        .isNotEqualTo(ShutdownResult.TRUNCATED));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("startsOverDatagrams")
    void over_datagrams_nothing_is_truncated_kept_or_half_closed(Start start) {
        for (MachineState state : MachineWalk.reachable(start)) {
            assertThat(state.result()).isNotEqualTo(ShutdownResult.TRUNCATED);
            start.steps(state).forEach(step -> assertThat(step.transition().actions()).as(step::toString)
                    .doesNotContain(Action.RAISE_TRUNCATION, Action.HALF_CLOSE, Action.DISCARD_DATA,
                            Action.HOLD_INPUT, Action.RELEASE_TLS));
        }
    }

    @ParameterizedTest
    @MethodSource("startsOverDatagrams")
    void over_datagrams_the_outcome_is_known_before_the_linger(Start start) {
        for (MachineState state : MachineWalk.reachable(start)) {
            if (state.phase() == Phase.LINGER) {
                assertThat(state.completed()).as(state::toString).isTrue();
                assertThat(ShutdownMachine.next(state, Input.REQUEST_BIDIRECTIONAL, start.rules()).state())
                        .as("a completed linger stays").isEqualTo(state);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("startsOverDatagrams")
    void over_datagrams_only_who_sent_a_close_notify_that_was_not_to_be_quiet_lingers(Start start) {
        for (MachineState state : MachineWalk.reachable(start)) {
            if (state.phase() == Phase.LINGER) {
                assertThat(state.send()).as(state::toString).isEqualTo(Send.CLOSE_NOTIFY);
                assertThat(state.mode()).as(state::toString).isNotEqualTo(ShutdownMode.QUIET);
            }
            if (state.phase() == Phase.ABANDON) {
                start.steps(state).forEach(step -> assertThat(step.transition().state().phase())
                        .as(step::toString).isNotEqualTo(Phase.LINGER));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("startsOverDatagrams")
    void over_datagrams_whoever_sent_a_close_notify_lingers_after_the_peers_and_after_its_deadline(Start start) {
        List<Action> lingering = List.of(Action.ARM_LINGER_TIMER, Action.COMPLETE, Action.IGNORE_INPUT);
        List<Action> ending = List.of(Action.COMPLETE, Action.CLOSE_TRANSPORT);
        for (MachineState state : MachineWalk.reachable(start)) {
            if (state.phase() == Phase.AWAIT_PEER && state.send() == Send.CLOSE_NOTIFY) {
                for (Input input : List.of(Input.PEER_CLOSE_NOTIFY, Input.TIMER_EXPIRED, Input.REQUEST_FAST)) {
                    assertThat(ShutdownMachine.next(state, input, start.rules()).actions())
                            .as(() -> state + " + " + input)
                            .isEqualTo(start.rules().lingers() ? lingering : ending);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("startsOverDatagrams")
    void over_datagrams_the_loss_of_an_open_transport_is_a_reset(Start start) {
        for (MachineState state : MachineWalk.reachable(start)) {
            if (state.phase() == Phase.OPEN && state.receive() == Receive.OPEN) {
                Transition closed = ShutdownMachine.next(state, Input.TRANSPORT_CLOSED, start.rules());
                assertThat(closed.state().result()).isEqualTo(ShutdownResult.RESET);
                assertThat(closed.state().initiator()).isEqualTo(ShutdownInitiator.TRANSPORT);
                assertThat(closed.actions()).containsExactly(Action.COMPLETE);
            }
        }
    }
}
