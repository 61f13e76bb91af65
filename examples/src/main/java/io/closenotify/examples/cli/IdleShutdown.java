package io.closenotify.examples.cli;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Shuts a connection down once nothing has come or gone for too long: no datagram tells of a peer that has vanished.
 * Stands behind the reporter, whose {@code channelActive} says that the handshake is done.
 */
final class IdleShutdown extends IdleStateHandler {

    private final Duration timeout;
    private final Connection connection;
    private final Log log;

    IdleShutdown(Duration timeout, Connection connection, Log log) {
        super(0, 0, timeout.toMillis(), TimeUnit.MILLISECONDS);
        this.timeout = timeout;
        this.connection = connection;
        this.log = log;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        // The handshake has a time of its own, on a channel that is active already.
    }

    @Override
    public void channelRegistered(ChannelHandlerContext context) {
        context.fireChannelRegistered();
    }

    @Override
    protected void channelIdle(ChannelHandlerContext context, IdleStateEvent event) {
        if (event.isFirst()) {
            log.say(context.channel().remoteAddress() + ": idle for " + timeout.toMillis() + " ms");
        }
        connection.shutdown();
    }
}
