package io.closenotify.quic;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;

/** Every state that the machine can reach. */
final class QuicMachineWalk {

    private QuicMachineWalk() {
    }

    static Set<MachineState> reachable(QuicShutdownMode mode, StreamFlush flush) {
        Set<MachineState> seen = new LinkedHashSet<>();
        Deque<MachineState> open = new ArrayDeque<>();
        open.add(MachineState.initial(mode));
        while (!open.isEmpty()) {
            MachineState state = open.remove();
            if (seen.add(state)) {
                for (Input input : Input.values()) {
                    open.add(QuicShutdownMachine.next(state, input, flush).next());
                }
            }
        }
        return seen;
    }
}
