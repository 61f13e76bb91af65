package io.closenotify.core;

import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TransportPolicy;
import io.closenotify.TruncationPolicy;

/**
 * What the machine's answer depends on beside state and input.
 *
 * @param onTruncation what the end of input without close_notify means
 * @param lingers whether there is a linger
 * @param defers whether the application decides when the peer's close_notify is answered
 * @param keeps whether the transport is to live on
 * @param messages where the end of input stands in the application's messages
 * @param datagrams whether the transport carries datagrams, which have no end of input: a linger destroys nothing, and
 *     is there to send our close_notify again
 */
public record Rules(
        TruncationPolicy onTruncation,
        boolean lingers,
        boolean defers,
        boolean keeps,
        Messages messages,
        boolean datagrams) {

    /** Where the end of input stands in the application's messages. */
    public enum Messages {

        /** Nobody says. */
        UNKNOWN,

        /** Between two messages. */
        COMPLETE,

        /** Inside a message. */
        CUT
    }

    /**
     * Returns the rules of a policy on a stream that can do everything, with messages of which nothing is known.
     *
     * @param policy the policy in force
     * @return its rules
     */
    public static Rules of(ShutdownPolicy policy) {
        return of(policy, true, true, Messages.UNKNOWN);
    }

    /**
     * Returns the rules of a policy on a stream.
     *
     * @param policy the policy in force
     * @param canDefer whether the answer to the peer's close_notify is ours to give
     * @param canKeep whether the transport can live on
     * @param messages where the end of input stands in the application's messages
     * @return the rules
     */
    public static Rules of(ShutdownPolicy policy, boolean canDefer, boolean canKeep, Messages messages) {
        return new Rules(policy.onTruncation(), !policy.linger().isZero(),
                canDefer && policy.onPeerCloseNotify() == PeerClosePolicy.DEFER,
                canKeep && policy.transport() == TransportPolicy.KEEP, messages, false);
    }

    /**
     * Returns the rules of a policy over datagrams, where nothing can be truncated and the transport is never kept.
     *
     * @param policy the policy in force
     * @param canDefer whether the answer to the peer's close_notify is ours to give
     * @return the rules
     */
    public static Rules ofDatagrams(ShutdownPolicy policy, boolean canDefer) {
        return new Rules(TruncationPolicy.REPORT, !policy.linger().isZero(),
                canDefer && policy.onPeerCloseNotify() == PeerClosePolicy.DEFER, false, Messages.UNKNOWN, true);
    }
}
