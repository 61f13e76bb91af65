package io.closenotify.core;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TruncationPolicy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Every policy the machine can tell apart, and every state it can reach under one. */
final class MachineWalk {

    private MachineWalk() {
    }

    static List<ShutdownPolicy> policies() {
        List<ShutdownPolicy> policies = new ArrayList<>();
        for (ShutdownMode mode : ShutdownMode.values()) {
            for (TruncationPolicy onTruncation : TruncationPolicy.values()) {
                for (Duration linger : List.of(Duration.ZERO, Duration.ofSeconds(2))) {
                    policies.add(ShutdownPolicy.of(mode).toBuilder()
                            .onTruncation(onTruncation).linger(linger).build());
                }
            }
        }
        return policies;
    }

    static Set<MachineState> reachable(ShutdownPolicy policy) {
        Set<MachineState> seen = new LinkedHashSet<>();
        Deque<MachineState> open = new ArrayDeque<>();
        open.add(MachineState.initial(policy.mode()));
        while (!open.isEmpty()) {
            MachineState state = open.remove();
            if (seen.add(state)) {
                for (Input input : Input.values()) {
                    open.add(ShutdownMachine.next(state, input, policy).state());
                }
            }
        }
        return seen;
    }
}
