package io.closenotify.testsuite.drain;

import static java.util.Objects.requireNonNull;

import io.netty.channel.EventLoop;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One client, with one connection at a time, on which it keeps requests in flight. Called by the event loop of the
 * connection, but for {@link #connect()}.
 */
final class ClientSide {

    /** The position of a request that never left. */
    static final long NOT_SENT = Long.MAX_VALUE;
    private static final long PAUSE_MILLIS = 5;

    private final Load load;
    private final Load.Protocol protocol;
    private final int depth;
    private final long thinkMillis;
    private final Map<Integer, Long> inFlight = new HashMap<>();
    private @Nullable EventLoop loop;
    private @Nullable ToLongFunction<Integer> sender;

    ClientSide(Load load, Load.Protocol protocol, int depth, long thinkMillis) {
        this.load = load;
        this.protocol = protocol;
        this.depth = depth;
        this.thinkMillis = thinkMillis;
    }

    void connect() {
        if (!load.isDone()) {
            protocol.connect(requireNonNull(load.target()), this);
        }
    }

    void notConnected(EventLoop own) {
        own.schedule(this::connect, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /**
     * There is a connection.
     *
     * @param send sends a request, and returns its position on the connection
     */
    void opened(EventLoop own, ToLongFunction<Integer> send) {
        loop = own;
        sender = send;
        fill();
    }

    private void fill() {
        while (sender != null && inFlight.size() < depth) {
            Integer id = load.take();
            if (id == null) {
                return;
            }
            inFlight.put(id, NOT_SENT);
            long position = sender.applyAsLong(id);
            inFlight.computeIfPresent(id, (same, notSent) -> position);
        }
    }

    void answered(int id, String body) {
        if (inFlight.remove(id) != null) {
            load.answered(id, body);
            requireNonNull(loop).schedule(this::fill, thinkMillis, TimeUnit.MILLISECONDS);
        }
    }

    /** The server has said that the connection is about to end. */
    void ending() {
        sender = null;
    }

    void unprocessed(int id) {
        if (inFlight.remove(id) != null) {
            load.unprocessed(id);
        }
    }

    /** The connection has ended: without a response, and known to be unprocessed at some positions only. */
    void closed(LongPredicate unprocessed) {
        sender = null;
        inFlight.forEach((id, position) -> {
            if (position == NOT_SENT || unprocessed.test(position)) {
                load.unprocessed(id);
            } else {
                load.lost(id);
            }
        });
        inFlight.clear();
        connect();
    }
}
