package io.closenotify.drain;

import static java.util.Objects.requireNonNull;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;

/**
 * What a connection's own protocol has to say before the connection is shut down, such as GOAWAY.
 *
 * <p><b>Threading.</b> Called once for each connection, on its event loop.
 *
 * <p><b>Timeouts.</b> {@link DrainPolicy#hookTimeout()} for each, and the deadline of the drain.
 *
 * <p><b>Errors.</b> A hook that throws, fails or takes longer is counted ({@link DrainReport#hooksFailed()}), and the
 * shutdown goes on.
 */
@FunctionalInterface
public interface BeforeCloseHook {

    /**
     * Prepares a connection for its end.
     *
     * @param channel the connection
     * @return completes when the shutdown may begin, in failure too; the deadline of the drain does not wait for it
     */
    Future<?> beforeClose(Channel channel);

    /**
     * Puts another hook behind this one, for servers of several protocols: each hook leaves alone what is none of its.
     *
     * @param next is called when this hook's future has completed, in whatever way
     * @return both, one after the other; its future fails with the next one's failure, or else with this one's
     */
    default BeforeCloseHook andThen(BeforeCloseHook next) {
        requireNonNull(next, "next");
        return channel -> {
            Promise<Void> both = channel.eventLoop().newPromise();
            call(this, channel).addListener(first -> channel.eventLoop().execute(() ->
                    call(next, channel).addListener(second -> {
                        Throwable failure = second.cause() != null ? second.cause() : first.cause();
                        if (failure == null) {
                            both.trySuccess(null);
                        } else {
                            both.tryFailure(failure);
                        }
                    })));
            return both;
        };
    }

    private static Future<?> call(BeforeCloseHook hook, Channel channel) {
        try {
            return requireNonNull(hook.beforeClose(channel), "the hook's future");
        } catch (Throwable e) {
            return channel.newFailedFuture(e);
        }
    }
}
