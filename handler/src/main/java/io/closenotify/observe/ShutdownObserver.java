package io.closenotify.observe;

import io.closenotify.ConnectionOutcome;
import io.closenotify.Protocol;
import io.netty.channel.Channel;

/**
 * Is told by the handlers of connections what goes on with their shutdowns; one for any number of handlers, set on
 * their builders.
 *
 * <p>Of each connection whose outcome is delivered the start is told once and the end once, in this order: the start
 * right before the end, where the connection ended without anybody's asking. Each start of a linger is followed by one
 * end, however the linger ends: by its time, the peer, a force, or the end of the event loop. A linger may begin before
 * the outcome is known or with it, and last longer. Over TLS and DTLS it is the {@code linger} of the policy; a
 * strengthened shutdown may have two. Over QUIC it is the time for which something is kept of a connection that is
 * closed: the closing period and that of stateless resets, behind a rapid shutdown too, which may be strengthened so
 * long.
 *
 * <p><b>Threading.</b> All methods are called on the event loop of a connection, those of several connections at the
 * same time. They must not block.
 *
 * <p><b>Errors.</b> What an observer throws is logged at warn level, and harms no shutdown.
 */
public interface ShutdownObserver {

    /**
     * Returns an observer that does nothing, the default of the builders.
     *
     * @return the one there is
     */
    static ShutdownObserver none() {
        return GuardedObserver.NONE;
    }

    /**
     * Guards handlers against what an observer throws; their builders do so by themselves.
     *
     * @param observer is told everything
     * @return an observer that throws nothing
     */
    static ShutdownObserver guarded(ShutdownObserver observer) {
        return GuardedObserver.of(observer);
    }

    /**
     * A shutdown starts: data written is flushed, the handshake is given up, the peer is waited for, or it is over at
     * once. The time in which an application writes on behind the peer's close_notify is before it.
     *
     * @param channel the connection
     * @param protocol what secures it
     */
    default void shutdownStarted(Channel channel, Protocol protocol) {
    }

    /**
     * The outcome of a shutdown is known; its futures complete next.
     *
     * @param channel the connection, which may be closed
     * @param outcome the outcome
     */
    default void shutdownEnded(Channel channel, ConnectionOutcome outcome) {
    }

    /**
     * A connection lingers from now on.
     *
     * @param protocol what secured it
     */
    default void lingerStarted(Protocol protocol) {
    }

    /**
     * A connection lingers no more.
     *
     * @param protocol what secured it
     */
    default void lingerEnded(Protocol protocol) {
    }
}
