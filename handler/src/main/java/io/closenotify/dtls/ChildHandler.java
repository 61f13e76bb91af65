package io.closenotify.dtls;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLEngine;

/** The first handler of a child, as the server channel knows it. Called on the event loop of the child. */
interface ChildHandler {

    /** To be added to the pipeline; called once, before the child is registered. */
    ChannelHandler handler();

    /** Called once the handler was added. */
    Future<Channel> handshakeFuture();

    void superseded();

    /** Makes one for a client, with an engine that expects the client's ClientHello next. */
    interface Factory {

        ChildHandler create(InetSocketAddress peer, SSLEngine engine);
    }

    static ChildHandler of(DtlsHandler handler) {
        return new ChildHandler() {
            @Override
            public ChannelHandler handler() {
                return handler;
            }

            @Override
            public Future<Channel> handshakeFuture() {
                return handler.handshakeFuture();
            }

            @Override
            public void superseded() {
                handler.superseded();
            }
        };
    }
}
