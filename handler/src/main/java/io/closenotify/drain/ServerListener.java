package io.closenotify.drain;

import io.closenotify.dtls.DtlsServerChannel;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.util.function.Consumer;

/** A server channel of Netty's, whose connections a {@link ConnectionTracker} in its pipeline knows. */
record ServerListener(Channel listener) implements DrainableServer {

    @Override
    public Future<?> stopAccepting(Consumer<? super Channel> connections) {
        // One of datagrams carries its connections: its port stays open for them.
        return listener instanceof DtlsServerChannel dtls ? dtls.stopAccepting() : listener.close();
    }

    @Override
    public Future<?> idle() {
        // The connections linger by themselves, and were waited for.
        return listener.newSucceededFuture();
    }

    @Override
    public Future<?> close() {
        return listener.close();
    }
}
