package io.closenotify.drain;

import io.closenotify.Protocol;
import io.closenotify.ShutdownResult;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What came of a drain.
 *
 * @param connections how many connections there were, late ones included
 * @param outcomes how many of them ended how
 * @param withoutShutdown connections that have no outcome: nothing secured them, or the handshake of TLS had not begun,
 *     or they were gone before it was their turn, or never got an event loop
 * @param forced connections that had neither outcome nor end at the deadline
 * @param lingersCut connections whose outcome was known at the deadline, and stands, but whose transport was still kept
 *     for late data of the peer's
 * @param hooksFailed hooks that threw, failed, or were not done in time
 * @param worst the worst peers: first the forced ones, then those whose shutdown failed, then the slowest; at most
 *     {@link DrainPolicy#worstPeers()}
 * @param elapsed the time from the start of the drain to its end
 * @param startedWithin the time from the first shutdown's start to that of the last
 * @param mostAtOnce how many were in shutdown at once, as {@link DrainPolicy#concurrency()} counts
 * @param longestStall the longest time by which an event loop was late for a task, as measured by one that ran on each
 *     loop every ten milliseconds
 */
public record DrainReport(
        int connections, Map<Protocol, Map<ShutdownResult, Integer>> outcomes, int withoutShutdown,
        int forced, int lingersCut, int hooksFailed, List<DrainedPeer> worst,
        Duration elapsed, Duration startedWithin, int mostAtOnce, Duration longestStall) {

    /**
     * Returns how many connections of a protocol ended with a result.
     *
     * @param protocol the protocol
     * @param result the result
     * @return the count
     */
    public int count(Protocol protocol, ShutdownResult result) {
        return outcomes.getOrDefault(protocol, Map.of()).getOrDefault(result, 0);
    }

    @Override
    public String toString() {
        return connections + " connections in " + elapsed.toMillis() + " ms: " + outcomes
                + ", without shutdown " + withoutShutdown + ", forced " + forced + ", lingers cut " + lingersCut
                + ", hooks failed " + hooksFailed + ", started within " + startedWithin.toMillis()
                + " ms, most at once " + mostAtOnce + ", longest stall " + longestStall.toMillis() + " ms";
    }
}
