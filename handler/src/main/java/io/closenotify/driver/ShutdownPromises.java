package io.closenotify.driver;

import io.closenotify.ShutdownException;
import io.closenotify.ShutdownOutcome;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Those who wait for the outcome, and those who wait for the transport to be closed as well. Event loop only. */
public final class ShutdownPromises {

    private final ChannelHandlerContext context;
    private final List<OutcomePromise> outcomePromises = new ArrayList<>(0);
    private final List<ChannelPromise> closePromises = new ArrayList<>(0);
    private @Nullable ShutdownOutcome outcome;

    public ShutdownPromises(ChannelHandlerContext context) {
        this.context = context;
    }

    public void join(OutcomePromise promise) {
        ShutdownOutcome known = outcome;
        if (known != null) {
            promise.complete(known);
        } else {
            outcomePromises.add(promise);
        }
    }

    /** Joins the promise of a close(). */
    public void join(ChannelPromise closePromise) {
        closePromises.add(closePromise);
        settleClosePromises();
    }

    /** Whether somebody waits for the transport to be closed. */
    public boolean isCloseAwaited() {
        return !closePromises.isEmpty();
    }

    /** Delivers the outcome: through the pipeline, then to the promises. */
    public void complete(ShutdownOutcome known) {
        outcome = known;
        if (!context.isRemoved()) {
            context.fireUserEventTriggered(known);
        }
        // Nobody joins the list any more.
        outcomePromises.forEach(promise -> promise.complete(known));
        outcomePromises.clear();
    }

    /** Completes the promises of close() once the transport is closed and the outcome is known. */
    public void settleClosePromises() {
        ShutdownOutcome known = outcome;
        if (known == null || context.channel().isOpen()) {
            return;
        }
        while (!closePromises.isEmpty()) {
            ChannelPromise promise = closePromises.remove(0);
            if (known.isSuccess()) {
                promise.trySuccess();
            } else {
                promise.tryFailure(new ShutdownException(known));
            }
        }
    }

    /** There will be no outcome. */
    public void standDown(Throwable cause) {
        outcomePromises.forEach(promise -> promise.setFailure(cause));
        outcomePromises.clear();
    }
}
