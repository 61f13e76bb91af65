package io.closenotify.drain;

import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The worst so many of any number of peers. */
final class WorstPeers {

    private static final Comparator<DrainedPeer> BEST_FIRST = Comparator.comparing(DrainedPeer::forced)
            .thenComparing(DrainedPeer::failed).thenComparing(DrainedPeer::elapsed);

    private final int most;
    private final PriorityQueue<DrainedPeer> peers = new PriorityQueue<>(BEST_FIRST);

    WorstPeers(int most) {
        this.most = most;
    }

    void add(DrainedPeer peer) {
        peers.add(peer);
        if (peers.size() > most) {
            peers.remove();
        }
    }

    List<DrainedPeer> worstFirst() {
        return peers.stream().sorted(BEST_FIRST.reversed()).toList();
    }
}
