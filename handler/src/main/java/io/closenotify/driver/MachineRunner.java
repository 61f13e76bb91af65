package io.closenotify.driver;

import io.closenotify.ShutdownMode;
import io.closenotify.core.Action;
import io.closenotify.core.Input;
import io.closenotify.core.MachineState;
import io.closenotify.core.Phase;
import io.closenotify.core.Rules;
import io.closenotify.core.ShutdownMachine;
import io.closenotify.core.Transition;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * The machine of one connection at work: commits the next state, then acts; inputs raised meanwhile wait their turn.
 * Event loop only, but for what is asked about the state.
 */
public final class MachineRunner {

    private final Owner owner;
    private volatile MachineState state;
    private @Nullable Queue<Input> queued;
    private boolean feeding;

    /** The connection. */
    public interface Owner {

        /** Tells what counts for an input. */
        Rules rules(Input input);

        /** Tells that another phase has been committed; its actions come next. */
        void phaseChanged(Phase from);

        /** Does what the machine says. */
        void run(Action action);

        /** Tells that an action threw; the shutdown is aborted. */
        void failed(RuntimeException e);
    }

    public MachineRunner(ShutdownMode mode, Owner owner) {
        this.owner = owner;
        state = MachineState.initial(mode);
    }

    // Any thread

    public MachineState state() {
        return state;
    }

    public Phase phase() {
        return state.phase();
    }

    /** Whether a shutdown is in progress. */
    public boolean shuttingDown() {
        return state.shuttingDown();
    }

    /** Whether a shutdown is in progress or over. */
    public boolean hasBegun() {
        MachineState current = state;
        return current.shuttingDown() || current.phase() == Phase.TERMINATED;
    }

    // Event loop only

    /** Sets the mode for an end that has yet to come. */
    public void setMode(ShutdownMode mode) {
        state = state.with(mode);
    }

    public void feed(Input input) {
        if (feeding) {
            queue(input);
            return;
        }
        feeding = true;
        try {
            for (@Nullable Input next = input; next != null; next = queued == null ? null : queued.poll()) {
                step(next);
            }
        } finally {
            feeding = false;
        }
    }

    /** Feeds an input in front of those that something raises which runs first. */
    public void feedAhead(Input input, Runnable first) {
        boolean nested = feeding;
        feeding = true;
        try {
            first.run();
        } finally {
            feeding = nested;
        }
        feed(input);
    }

    private void queue(Input input) {
        if (queued == null) {
            queued = new ArrayDeque<>(1);
        }
        queued.add(input);
    }

    private void step(Input input) {
        Phase from = state.phase();
        Transition transition = ShutdownMachine.next(state, input, owner.rules(input));
        state = transition.state();
        if (from != state.phase()) {
            owner.phaseChanged(from);
        }
        List<Action> actions = transition.actions();
        for (int i = 0; i < actions.size(); i++) {
            run(actions.get(i));
        }
    }

    private void run(Action action) {
        try {
            owner.run(action);
        } catch (RuntimeException e) {
            owner.failed(e);
            queue(Input.ABORT);
        }
    }
}
