package io.closenotify.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationPolicy;
import io.closenotify.core.MachineState.Receive;
import io.closenotify.core.MachineState.Send;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every state that can be reached and every input, whatever the policy. */
class ShutdownMachineWalkTest {

    private static final int DEPTH = 5;

    static List<ShutdownPolicy> policies() {
        return MachineWalk.policies();
    }

    @ParameterizedTest
    @MethodSource("policies")
    void every_transition_keeps_the_invariants(ShutdownPolicy policy) {
        Set<MachineState> states = MachineWalk.reachable(policy);
        assertThat(states).hasSizeGreaterThan(30);
        for (MachineState state : states) {
            for (Input input : Input.values()) {
                Transition transition = ShutdownMachine.next(state, input, policy);
                check(state, input, transition, policy);
            }
        }
    }

    private static void check(MachineState from, Input input, Transition transition, ShutdownPolicy policy) {
        MachineState to = transition.state();
        List<Action> actions = transition.actions();
        String what = from + " + " + input + " -> " + transition;

        assertThat(actions).as(what).doesNotHaveDuplicates();
        if (from.phase() == Phase.TERMINATED) {
            assertThat(to).as("terminated absorbs: " + what).isEqualTo(from);
            assertThat(actions).as("terminated absorbs: " + what).isEmpty();
            return;
        }
        assertThat(to.phase()).as("no way back: " + what).matches(next -> next.compareTo(from.phase()) >= 0
                || from.phase() == Phase.LINGER && next == Phase.AWAIT_PEER);
        if (from.send() != Send.OPEN) {
            assertThat(to.send()).as("sending is never undone: " + what).isNotEqualTo(Send.OPEN);
        }
        if (from.receive() == Receive.CLOSE_NOTIFY) {
            assertThat(to.receive()).as("receiving is never undone: " + what).isEqualTo(Receive.CLOSE_NOTIFY);
        }
        if (from.result() != null) {
            assertThat(to.result()).as("the first result stays: " + what).isEqualTo(from.result());
        }
        if (from.initiator() != null) {
            assertThat(to.initiator()).as("the first initiator stays: " + what).isEqualTo(from.initiator());
        }
        if (actions.contains(Action.SEND_CLOSE_NOTIFY)) {
            assertThat(from.send()).as("one alert: " + what).isEqualTo(Send.OPEN);
            assertThat(to.send()).as("one alert: " + what).isEqualTo(Send.CLOSE_NOTIFY);
            assertThat(from.mode()).as("none if quiet: " + what).isNotEqualTo(ShutdownMode.QUIET);
        }
        assertThat(actions.contains(Action.COMPLETE)).as("one outcome, told when completed: " + what)
                .isEqualTo(!from.completed() && to.completed());
        if (to.phase() == Phase.TERMINATED) {
            assertThat(to.completed()).as("an end has an outcome: " + what).isTrue();
        }
        if (actions.contains(Action.CLOSE_TRANSPORT)) {
            assertThat(to.phase()).as("the transport is closed at the end only: " + what).isEqualTo(Phase.TERMINATED);
        } else if (to.phase() == Phase.TERMINATED) {
            assertThat(input).as("or was closed already: " + what).isEqualTo(Input.TRANSPORT_CLOSED);
        }
        assertThat(arms(actions)).as("one timer a phase: " + what).isEqualTo(
                to.phase() != from.phase() && timed(to.phase()) && !(from.phase() == Phase.FLUSH
                        && to.phase() == Phase.SEND) ? 1 : 0);
        if (to.completed() && !from.completed()) {
            checkResult(to, policy, what);
        }
    }

    private static void checkResult(MachineState state, ShutdownPolicy policy, String what) {
        switch (state.result()) {
            case CLEAN -> assertThat(state.receive() == Receive.CLOSE_NOTIFY && state.send() != Send.OPEN
                    || state.receive() == Receive.ENDED && policy.onTruncation() == TruncationPolicy.IGNORE)
                    .as("clean means both alerts: " + what).isTrue();
            case UNIDIRECTIONAL -> assertThat(state.send())
                    .as("unidirectional means ours: " + what).isNotEqualTo(Send.OPEN);
            case QUIET -> assertThat(state.send()).as("quiet sends none: " + what).isEqualTo(Send.ASSUMED);
            case UNANSWERED -> assertThat(state)
                    .as("unanswered means ours, then the end of input: " + what)
                    .matches(end -> end.send() != Send.OPEN && end.receive() == Receive.ENDED);
            case TRUNCATED -> assertThat(state.receive())
                    .as("truncated means without the peer's: " + what).isEqualTo(Receive.TRUNCATED);
            case PEER_SILENT -> assertThat(state)
                    .as("silent means ours only: " + what)
                    .matches(end -> end.send() != Send.OPEN && end.receive() == Receive.OPEN);
            default -> assertThat(state.result().isSuccess()).as("a failure is none: " + what).isFalse();
        }
    }

    private static boolean timed(Phase phase) {
        return EnumSet.of(Phase.ABANDON, Phase.FLUSH, Phase.SEND, Phase.AWAIT_PEER, Phase.LINGER).contains(phase);
    }

    private static int arms(List<Action> actions) {
        return Collections.frequency(actions, Action.ARM_FLUSH_TIMER)
                + Collections.frequency(actions, Action.ARM_PEER_TIMER)
                + Collections.frequency(actions, Action.ARM_LINGER_TIMER);
    }

    @ParameterizedTest
    @MethodSource("policies")
    void timers_alone_end_every_shutdown(ShutdownPolicy policy) {
        for (MachineState start : MachineWalk.reachable(policy)) {
            MachineState state = start;
            for (int timers = 0; timers < 3 && state.shuttingDown(); timers++) {
                state = ShutdownMachine.next(state, Input.TIMER_EXPIRED, policy).state();
            }
            assertThat(state.shuttingDown()).as(start.toString()).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("policies")
    void every_sequence_of_inputs_has_at_most_one_alert_one_outcome_and_one_close(ShutdownPolicy policy) {
        // From OPEN: the handshake adds one input in front of everything interesting.
        MachineState open = ShutdownMachine.next(
                MachineState.initial(policy.mode()), Input.HANDSHAKE_COMPLETED, policy).state();
        walk(open, policy, DEPTH, 0, 0, 0);
    }

    private static void walk(
            MachineState state, ShutdownPolicy policy, int depth, int alerts, int outcomes, int closes) {
        if (depth == 0) {
            return;
        }
        for (Input input : Input.values()) {
            Transition transition = ShutdownMachine.next(state, input, policy);
            if (transition.state().equals(state) && transition.actions().isEmpty()) {
                continue;
            }
            int nextAlerts = alerts + count(transition, Action.SEND_CLOSE_NOTIFY);
            int nextOutcomes = outcomes + count(transition, Action.COMPLETE);
            int nextCloses = closes + count(transition, Action.CLOSE_TRANSPORT);
            if (nextAlerts > 1 || nextOutcomes > 1 || nextCloses > 1) {
                throw new AssertionError(state + " + " + input + " -> " + transition);
            }
            walk(transition.state(), policy, depth - 1, nextAlerts, nextOutcomes, nextCloses);
        }
    }

    private static int count(Transition transition, Action action) {
        return transition.actions().contains(action) ? 1 : 0;
    }

    @ParameterizedTest
    @MethodSource("policies")
    void a_fatal_alert_is_followed_by_no_close_notify(ShutdownPolicy policy) {
        for (MachineState state : MachineWalk.reachable(policy)) {
            Transition transition = ShutdownMachine.next(state, Input.FATAL_ALERT, policy);
            if (state.receive() != Receive.CLOSE_NOTIFY) {
                assertThat(transition.state().completed()).isTrue();
                assertThat(transition.state().phase()).isGreaterThanOrEqualTo(Phase.LINGER);
            }
            assertThat(transition.actions()).doesNotContain(Action.SEND_CLOSE_NOTIFY);
        }
    }

    @Test
    void an_end_of_input_in_a_quiet_flush_is_a_truncation_once_it_is_no_longer_quiet() {
        ShutdownPolicy policy = ShutdownPolicy.bidirectional();
        MachineState state = MachineState.initial(ShutdownMode.QUIET);
        for (Input input : List.of(Input.HANDSHAKE_COMPLETED, Input.REQUEST_QUIET, Input.END_OF_INPUT,
                Input.REQUEST_BIDIRECTIONAL, Input.DATA_FLUSHED, Input.ALERT_FLUSHED)) {
            state = ShutdownMachine.next(state, input, policy).state();
        }
        assertThat(state.result()).isEqualTo(ShutdownResult.TRUNCATED);
    }

    @ParameterizedTest
    @MethodSource("policies")
    void a_whole_close_notify_is_never_a_truncation(ShutdownPolicy policy) {
        for (MachineState state : MachineWalk.reachable(policy)) {
            if (state.receive() == Receive.CLOSE_NOTIFY && state.result() == null) {
                for (Input input : Input.values()) {
                    assertThat(ShutdownMachine.next(state, input, policy).state().result())
                            .isNotEqualTo(ShutdownResult.TRUNCATED);
                }
            }
        }
    }
}
