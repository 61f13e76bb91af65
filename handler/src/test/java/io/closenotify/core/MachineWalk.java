package io.closenotify.core;

import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TruncationPolicy;
import io.closenotify.core.Rules.Messages;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Every rule the machine can tell apart, and every state it can reach under one. */
final class MachineWalk {

    /** Datagrams have no end and no acknowledgement; there is no life after DTLS, and it has its tickets in time. */
    private static final EnumSet<Input> OF_STREAMS = EnumSet.of(Input.END_OF_INPUT, Input.ACKNOWLEDGED,
            Input.TLS_RELEASED, Input.TICKETS_DUE, Input.TICKETS_READ);
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
            for (Input input : inputs()) {
                for (Messages messages : tellsMessages(input) ? Messages.values() : new Messages[] {rules.messages()}) {
                    Rules known = new Rules(rules.onTruncation(), rules.lingers(), rules.defers(), rules.keeps(),
                            messages, rules.datagrams());
                    steps.add(new Step(input, known, ShutdownMachine.next(state, input, known)));
                }
            }
            return steps;
        }

        /** What can happen. */
        Set<Input> inputs() {
            return rules.datagrams() ? EnumSet.complementOf(OF_STREAMS) : EnumSet.allOf(Input.class);
        }

        private boolean tellsMessages(Input input) {
            return input == Input.END_OF_INPUT || (input == Input.TRANSPORT_CLOSED && !rules.datagrams());
        }
    }

    record Step(Input input, Rules rules, Transition transition) {
    }

    static List<Start> starts() {
        List<Start> starts = new ArrayList<>(startsOverDatagrams());
        for (ShutdownMode mode : ShutdownMode.values()) {
            for (TruncationPolicy onTruncation : TruncationPolicy.values()) {
                for (boolean lingers : EITHER) {
                    for (boolean defers : EITHER) {
                        for (boolean keeps : EITHER) {
                            starts.add(new Start(mode,
                                    new Rules(onTruncation, lingers, defers, keeps, Messages.UNKNOWN, false)));
                        }
                    }
                }
            }
        }
        return starts;
    }

    static List<Start> startsOverDatagrams() {
        List<Start> starts = new ArrayList<>();
        for (ShutdownMode mode : ShutdownMode.values()) {
            for (Duration linger : List.of(Duration.ZERO, Duration.ofSeconds(2))) {
                for (PeerClosePolicy onPeerClose : PeerClosePolicy.values()) {
                    starts.add(new Start(mode, Rules.ofDatagrams(ShutdownPolicy.bidirectional().toBuilder()
                            .linger(linger).onPeerCloseNotify(onPeerClose).build(), true)));
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
