package io.closenotify.quic;

import io.netty.util.concurrent.DefaultPromise;
import io.netty.util.concurrent.EventExecutor;
import org.jspecify.annotations.Nullable;

/** Succeeds or fails as the outcome does; carries it either way. */
final class QuicOutcomePromise extends DefaultPromise<QuicShutdownOutcome> implements QuicShutdownFuture {

    QuicOutcomePromise(EventExecutor executor) {
        super(executor);
        setUncancellable();
    }

    void complete(QuicShutdownOutcome outcome) {
        if (outcome.isSuccess()) {
            setSuccess(outcome);
        } else {
            setFailure(new QuicShutdownException(outcome));
        }
    }

    @Override
    public @Nullable QuicShutdownOutcome outcome() {
        return cause() instanceof QuicShutdownException failure ? failure.outcome() : getNow();
    }
}
