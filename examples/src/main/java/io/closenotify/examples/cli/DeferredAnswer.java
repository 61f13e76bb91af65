package io.closenotify.examples.cli;

import io.closenotify.PeerCloseNotifyEvent;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Asks the application to come to its end when the peer's close_notify is in, and ours is left to us. */
final class DeferredAnswer extends ChannelInboundHandlerAdapter {

    private final App app;
    private final Connection connection;

    DeferredAnswer(App app, Connection connection) {
        this.app = app;
        this.connection = connection;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof PeerCloseNotifyEvent) {
            app.peerClosed(context.channel(), connection);
        }
        context.fireUserEventTriggered(event);
    }
}
