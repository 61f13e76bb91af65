package io.closenotify.core;

import io.closenotify.ShutdownMode;
import io.closenotify.TruncationPolicy;
import io.closenotify.core.Rules.Messages;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Every rule the machine can tell apart, and every state it can reach under one. */
final class MachineWalk {

    private static final List<Boolean> EITHER = List.of(false, true);

    private MachineWalk() {
    }

    /** A mode to start with and the rules in force; of an end of input any of {@link Messages} may be known. */
    record Start(ShutdownMode mode, Rules rules) {

        MachineState state() {
            return MachineState.initial(mode);
        }

        /** Every transition from a state. */
        List<Step> steps(MachineState state) {
            List<Step> steps = new ArrayList<>();
            for (Input input : Input.values()) {
                for (Messages messages : tellsMessages(input) ? Messages.values() : new Messages[] {rules.messages()}) {
                    Rules known = new Rules(
                            rules.onTruncation(), rules.lingers(), rules.defers(), rules.keeps(), messages);
                    steps.add(new Step(input, known, ShutdownMachine.next(state, input, known)));
                }
            }
            return steps;
        }

        private static boolean tellsMessages(Input input) {
            return input == Input.END_OF_INPUT || input == Input.TRANSPORT_CLOSED;
        }
    }

    record Step(Input input, Rules rules, Transition transition) {
    }

    static List<Start> starts() {
        List<Start> starts = new ArrayList<>();
        for (ShutdownMode mode : ShutdownMode.values()) {
            for (TruncationPolicy onTruncation : TruncationPolicy.values()) {
                for (boolean lingers : EITHER) {
                    for (boolean defers : EITHER) {
                        for (boolean keeps : EITHER) {
                            starts.add(new Start(mode,
                                    new Rules(onTruncation, lingers, defers, keeps, Messages.UNKNOWN)));
                        }
                    }
                }
            }
        }
        return starts;
    }

    static Set<MachineState> reachable(Start start) {
        Set<MachineState> seen = new LinkedHashSet<>();
        Deque<MachineState> open = new ArrayDeque<>();
        open.add(start.state());
        while (!open.isEmpty()) {
            MachineState state = open.remove();
            if (seen.add(state)) {
                start.steps(state).forEach(step -> open.add(step.transition().state()));
            }
        }
        return seen;
    }
}
