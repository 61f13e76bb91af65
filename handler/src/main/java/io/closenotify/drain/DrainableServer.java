package io.closenotify.drain;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * What listens, and what its drain needs of it: for listeners that are no {@link io.netty.channel.ServerChannel}. That
 * of QUIC is made by {@code QuicLingerHandler.drainable()}.
 *
 * <p><b>Threading.</b> The methods are called on the executor of the drain. They must not block.
 */
public interface DrainableServer {

    /**
     * Accepts no connection from now on. Those that exist go on.
     *
     * @param connections is to be told of each connection there is, on any thread; twice does no harm
     * @return completes when that is in force and all connections were told; in failure too
     */
    Future<?> stopAccepting(Consumer<? super Channel> connections);

    /**
     * Waits until late packets of the peers need no answer any more. Called when all connections have ended; the
     * deadline of the drain does not wait for it.
     *
     * @return completes then
     */
    Future<?> idle();

    /**
     * Gives up the port.
     *
     * @return completes when that is done
     */
    Future<?> close();
}
