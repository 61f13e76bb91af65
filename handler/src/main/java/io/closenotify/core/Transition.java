package io.closenotify.core;

import java.util.List;

/**
 * The answer to an input.
 *
 * @param state the next state, to be committed before any action runs
 * @param actions the actions, in order
 */
public record Transition(MachineState state, List<Action> actions) {
}
