package io.closenotify.driver;

import io.closenotify.ShutdownFuture;
import io.closenotify.core.Phase;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Brings a public call of a handler to its event loop, from any thread. Made for the call, and not kept. */
public final class EventLoopCalls {

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(EventLoopCalls.class);

    private final ChannelHandler handler;
    private final @Nullable ChannelHandlerContext context;
    private final MachineRunner<?> machine;

    /**
     * Makes one.
     *
     * @param context the context of the handler, or {@code null} if it was never added
     */
    public EventLoopCalls(ChannelHandler handler, @Nullable ChannelHandlerContext context, MachineRunner<?> machine) {
        this.handler = handler;
        this.context = context;
        this.machine = machine;
    }

    /**
     * A handler was added to a pipeline.
     *
     * @throws IllegalStateException if it is to run elsewhere than on the channel's event loop
     */
    public static void requireEventLoop(ChannelHandlerContext added) {
        if (added.executor() != added.channel().eventLoop()) {
            throw new IllegalStateException(
                    "the " + nameOf(added.handler()) + " must run on the channel's event loop");
        }
    }

    /**
     * Runs a task that takes care of a new promise; if it throws, the promise fails.
     *
     * @throws IllegalStateException if the handler is in no pipeline
     */
    public ShutdownFuture call(Consumer<OutcomePromise> task) {
        ChannelHandlerContext current = requireContext();
        OutcomePromise promise = new OutcomePromise(current.executor());
        execute(current, promise, () -> task.accept(promise));
        return promise;
    }

    /**
     * Declares something for an end that has yet to come.
     *
     * @param what names it, should it be too late
     * @throws IllegalStateException if the handler is in no pipeline
     */
    public Future<Void> declare(String what, Runnable declaration) {
        ChannelHandlerContext current = requireContext();
        Promise<Void> promise = current.executor().newPromise();
        execute(current, promise, () -> {
            if (machine.hasBegun()) {
                throw new IllegalStateException(what + " set too late: the shutdown has begun");
            }
            declaration.run();
            promise.setSuccess(null);
        });
        return promise;
    }

    private ChannelHandlerContext requireContext() {
        if (context == null || (context.isRemoved() && machine.phase() != Phase.TERMINATED)) {
            throw new IllegalStateException("the " + nameOf(handler) + " is in no pipeline");
        }
        return context;
    }

    private static String nameOf(ChannelHandler handler) {
        return handler.getClass().getSimpleName();
    }

    private static void execute(ChannelHandlerContext context, Promise<?> promise, Runnable task) {
        if (context.executor().inEventLoop()) {
            run(promise, task);
            return;
        }
        try {
            context.executor().execute(() -> run(promise, task));
        } catch (RejectedExecutionException e) {
            promise.setFailure(e);
        }
    }

    private static void run(Promise<?> promise, Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            promise.tryFailure(e);
        }
    }

    /** Runs a task on the event loop of a handler, behind what waits there. */
    public static void later(ChannelHandlerContext context, Runnable task) {
        try {
            context.executor().execute(task);
        } catch (RejectedExecutionException e) {
            LOGGER.debug("{} the event loop is shut down, and closes its channels itself", context.channel(), e);
        }
    }
}
