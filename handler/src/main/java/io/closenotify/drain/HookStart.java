package io.closenotify.drain;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Promise;
import java.util.function.Consumer;

/** How the hooks of protocols over TLS begin. */
final class HookStart {

    private HookStart() {
    }

    /**
     * Begins on the event loop: at once, or behind a TLS handshake in progress, in which is agreed what is spoken, and
     * behind what follows from it.
     *
     * @param task completes the promise, which the end of the connection does otherwise
     */
    static Promise<Void> begin(Channel channel, Consumer<Promise<Void>> task) {
        Promise<Void> done = channel.eventLoop().newPromise();
        channel.closeFuture().addListener(closed -> done.trySuccess(null));
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null || tls.handshakeFuture().isDone()) {
            task.accept(done);
        } else {
            // The pipeline hears of the handshake behind the listeners of this future.
            tls.handshakeFuture().addListener(unused -> channel.eventLoop().execute(() -> task.accept(done)));
        }
        return done;
    }
}
