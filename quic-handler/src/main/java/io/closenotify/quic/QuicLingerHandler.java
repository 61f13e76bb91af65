package io.closenotify.quic;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.util.concurrent.Future;
import java.time.Duration;

/** Answers for connections that are closed: one for each UDP channel. */
@SuppressWarnings("DoNotCallSuggester")
public final class QuicLingerHandler extends ChannelDuplexHandler {

    QuicLingerHandler() {
    }

    /**
     * Returns the handler of a UDP channel; puts one at the head of its pipeline if there is none.
     *
     * @param udp the channel that carries the QUIC codec
     * @return the handler
     */
    public static QuicLingerHandler of(Channel udp) {
        throw new UnsupportedOperationException();
    }

    /** Refuses new connections from now on, with CONNECTION_REFUSED. Existing ones go on. */
    public void refuseConnections() {
        throw new UnsupportedOperationException();
    }

    /**
     * Refuses new connections, and shuts all existing ones down, each by the policy of its handler.
     *
     * @param spread the time over which the shutdowns are started evenly; zero starts all at once
     * @return completes with the number of connections whose shutdown was not a success, when all outcomes are known
     */
    public Future<Integer> shutdownAll(Duration spread) {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns a future of the time when no connection and no closing period is left on this UDP channel.
     *
     * @return succeeds then; if that is now, at once
     */
    public Future<Void> idle() {
        throw new UnsupportedOperationException();
    }
}
