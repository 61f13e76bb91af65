package io.closenotify.drain;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;

/**
 * What a connection's own protocol has to say before the connection is shut down, such as GOAWAY.
 *
 * <p><b>Threading.</b> Called once for each connection, on its event loop.
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
}
