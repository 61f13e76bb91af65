package io.closenotify.quic;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Tells all peers of one UDP channel at once, without waiting for what is pending. Event loop only. */
final class MassShutdown {

    private final EventLoop loop;
    private final List<QuicShutdownHandler> connections;
    private final Promise<Void> told;
    private int open;

    MassShutdown(EventLoop loop, Collection<QuicShutdownHandler> connections, Promise<Void> told) {
        this.loop = loop;
        this.connections = List.copyOf(connections);
        this.told = told;
        open = this.connections.size();
    }

    /** Begins; is done at the deadline at the latest. */
    void start(long deadlineMillis) {
        for (QuicShutdownHandler connection : connections) {
            connection.tellNow().addListener(done -> {
                open--;
                if (open == 0) {
                    told.trySuccess(null);
                }
            });
        }
        if (connections.isEmpty()) {
            told.trySuccess(null);
        }
        if (!told.isDone()) {
            var timer = loop.schedule(() -> told.trySuccess(null), deadlineMillis, TimeUnit.MILLISECONDS);
            told.addListener(unused -> timer.cancel(false));
        }
    }
}
