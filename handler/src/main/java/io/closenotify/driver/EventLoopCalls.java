package io.closenotify.driver;

import static java.util.Objects.requireNonNull;

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

/** Brings the public calls of a handler to its event loop, from any thread. */
public final class EventLoopCalls {

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(EventLoopCalls.class);

    private final Class<? extends ChannelHandler> handler;
    private final MachineRunner machine;
    private volatile @Nullable ChannelHandlerContext context;

    public EventLoopCalls(Class<? extends ChannelHandler> handler, MachineRunner machine) {
        this.handler = handler;
        this.machine = machine;
    }

    /**
     * The handler was added to a pipeline.
     *
     * @throws IllegalStateException if it is to run elsewhere than on the channel's event loop
     */
    public void added(ChannelHandlerContext added) {
        if (added.executor() != added.channel().eventLoop()) {
            throw new IllegalStateException(
                    "the " + handler.getSimpleName() + " must run on the channel's event loop");
        }
        context = added;
    }

    /** The context of the handler, which has been added. */
    public ChannelHandlerContext context() {
        return requireNonNull(context);
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
        ChannelHandlerContext current = context;
        if (current == null || (current.isRemoved() && machine.phase() != Phase.TERMINATED)) {
            throw new IllegalStateException("the " + handler.getSimpleName() + " is in no pipeline");
        }
        return current;
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

    /** Runs a task on the event loop, behind what waits there. */
    public void later(Runnable task) {
        ChannelHandlerContext own = context();
        try {
            own.executor().execute(task);
        } catch (RejectedExecutionException e) {
            LOGGER.debug("{} the event loop is shut down, and closes its channels itself", own.channel(), e);
        }
    }
}
