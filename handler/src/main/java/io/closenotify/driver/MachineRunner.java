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
 *
 * @param <D> who acts
 */
public abstract class MachineRunner<D extends MachineRunner.Driver> {

    private volatile MachineState state;
    private @Nullable D driver;
    private @Nullable Queue<Input> queued;
    private boolean feeding;

    /** Acts, and keeps the books. */
    public interface Driver {

        /** Tells that another phase has been committed; its actions come next. */
        void phaseChanged(Phase from);

        /** Does what the machine says. If it throws, that is noted, and the shutdown is aborted. */
        void run(Action action);

        /** Notes what may turn out to be the cause of the outcome. */
        void note(Throwable reason);
    }

    protected MachineRunner(ShutdownMode mode) {
        state = MachineState.initial(mode);
    }

    /** Tells what counts for an input. */
    protected abstract Rules rules(Input input);

    /** Makes the driver, when there is something for it to do: an idle connection pays nothing for it. */
    protected abstract D newDriver();

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

    /** The driver, if there was something for it to do. */
    public @Nullable D driver() {
        return driver;
    }

    public D requireDriver() {
        D current = driver;
        if (current == null) {
            current = newDriver();
            driver = current;
        }
        return current;
    }

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
        Transition transition = ShutdownMachine.next(state, input, rules(input));
        state = transition.state();
        if (from != state.phase() && (driver != null || hasBegun())) {
            requireDriver().phaseChanged(from);
        }
        List<Action> actions = transition.actions();
        for (int i = 0; i < actions.size(); i++) {
            run(actions.get(i));
        }
    }

    private void run(Action action) {
        try {
            requireDriver().run(action);
        } catch (RuntimeException e) {
            // A handler of the user's threw, or took others out under our hands.
            requireDriver().note(e);
            queue(Input.ABORT);
        }
    }
}
