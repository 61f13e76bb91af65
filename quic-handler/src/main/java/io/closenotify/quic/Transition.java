package io.closenotify.quic;

import java.util.List;

/**
 * The answer of the machine.
 *
 * @param next the next state, to be committed before anything is done
 * @param actions what to do, in order
 */
record Transition(MachineState next, List<Action> actions) {
}
