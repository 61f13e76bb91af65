package io.closenotify.drain;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;

/** Which protocol is spoken may be known only when the TLS handshake is done. */
final class TlsHandshake {

    private TlsHandshake() {
    }

    /** Runs a task on the event loop: at once, or behind a handshake in progress and what follows from it. */
    static void after(Channel channel, Runnable task) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null || tls.handshakeFuture().isDone()) {
            task.run();
        } else {
            // The pipeline hears of the handshake behind the listeners of this future.
            tls.handshakeFuture().addListener(done -> channel.eventLoop().execute(task));
        }
    }
}
