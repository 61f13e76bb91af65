package io.closenotify.driver;

import io.closenotify.ShutdownException;
import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownOutcome;
import io.netty.util.concurrent.DefaultPromise;
import io.netty.util.concurrent.EventExecutor;
import org.jspecify.annotations.Nullable;

/** Succeeds or fails as the outcome does; carries it either way. */
public final class OutcomePromise extends DefaultPromise<ShutdownOutcome> implements ShutdownFuture {

    public OutcomePromise(EventExecutor executor) {
        super(executor);
        setUncancellable();
    }

    public void complete(ShutdownOutcome outcome) {
        if (outcome.isSuccess()) {
            setSuccess(outcome);
        } else {
            setFailure(new ShutdownException(outcome));
        }
    }

    @Override
    public @Nullable ShutdownOutcome outcome() {
        return cause() instanceof ShutdownException failure ? failure.outcome() : getNow();
    }
}
