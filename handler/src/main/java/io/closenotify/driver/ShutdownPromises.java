package io.closenotify.driver;

import io.closenotify.Protocol;
import io.closenotify.ShutdownException;
import io.closenotify.ShutdownOutcome;
import io.closenotify.core.MachineState;
import io.closenotify.core.Phase;
import io.closenotify.observe.ShutdownObserver;
import io.closenotify.observe.ShutdownRecording;
import io.closenotify.observe.ShutdownWatch;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Those who wait for the outcome, those who wait for the transport to be closed as well, and those who watch. Event
 * loop only.
 */
public final class ShutdownPromises {

    private final ChannelHandlerContext context;
    private final Protocol protocol;
    private final ShutdownObserver observer;
    private final List<OutcomePromise> outcomePromises = new ArrayList<>(0);
    private final List<ChannelPromise> closePromises = new ArrayList<>(0);
    private @Nullable ShutdownWatch watch;
    private @Nullable ShutdownOutcome outcome;
    private @Nullable Throwable noOutcome;

    public ShutdownPromises(ChannelHandlerContext context, Protocol protocol, ShutdownObserver observer) {
        this.context = context;
        this.protocol = protocol;
        this.observer = observer;
        rememberPeer(context.channel());
    }

    /** Lets a channel look its peer's address up, which it cannot any more when it is closed. */
    public static void rememberPeer(Channel channel) {
        channel.remoteAddress();
    }

    /** Tells those who watch; to be called at every change of the phase. */
    public void phaseChanged(Phase from, MachineState state) {
        if (watch == null && (state.shuttingDown() || state.phase() == Phase.TERMINATED)) {
            watch = new ShutdownWatch(context.channel(), protocol, observer);
        }
        if (watch != null && from == Phase.LINGER) {
            watch.lingerEnded();
        }
        if (watch != null && state.phase() == Phase.LINGER) {
            watch.lingerStarted();
        }
    }

    public void join(OutcomePromise promise) {
        ShutdownOutcome known = outcome;
        if (known != null) {
            promise.complete(known);
        } else if (noOutcome != null) {
            promise.setFailure(noOutcome);
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

    /** Delivers the outcome: to those who watch, through the pipeline, then to the promises. */
    public void complete(ShutdownOutcome known) {
        outcome = known;
        ShutdownRecording recording = watch == null ? null : watch.ended(known);
        if (recording != null) {
            recording.commit(known, context.channel().remoteAddress());
        }
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
        noOutcome = cause;
        // Nobody joins the list any more.
        outcomePromises.forEach(promise -> promise.setFailure(cause));
        outcomePromises.clear();
    }
}
