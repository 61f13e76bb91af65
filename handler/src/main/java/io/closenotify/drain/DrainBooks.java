package io.closenotify.drain;

import io.closenotify.ConnectionOutcome;
import io.closenotify.Protocol;
import io.closenotify.ShutdownResult;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Counts. On the executor of the drain. */
final class DrainBooks {

    private final Map<Protocol, Map<ShutdownResult, Integer>> outcomes = new EnumMap<>(Protocol.class);
    private final WorstPeers worst;
    private int withoutShutdown;
    private int lingersCut;
    private int hooksFailed;
    int forced;
    int ended;

    DrainBooks(int worstPeers) {
        worst = new WorstPeers(worstPeers);
    }

    void hookFailed() {
        hooksFailed++;
    }

    void lingerCut() {
        lingersCut++;
    }

    void ended(DrainedPeer peer, @Nullable ConnectionOutcome outcome) {
        ended++;
        if (outcome == null) {
            withoutShutdown++;
        } else {
            outcomes.computeIfAbsent(outcome.protocol(), unused -> new EnumMap<>(ShutdownResult.class))
                    .merge(outcome.result(), 1, Integer::sum);
        }
        worst.add(peer);
    }

    DrainReport report(Duration elapsed, Duration startedWithin, int mostAtOnce, Duration longestStall) {
        outcomes.replaceAll((protocol, results) -> Collections.unmodifiableMap(results));
        return new DrainReport(ended, Collections.unmodifiableMap(outcomes), withoutShutdown, forced, lingersCut,
                hooksFailed, worst.worstFirst(), elapsed, startedWithin, mostAtOnce, longestStall);
    }
}
