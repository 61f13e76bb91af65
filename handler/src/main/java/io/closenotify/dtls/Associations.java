package io.closenotify.dtls;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The children of a server channel: at an address one, and during a restart a second one, its successor if it proves
 * itself. Event loop of the server channel only.
 */
final class Associations {

    /** Whose clients were silent for longest come first. */
    private final Map<InetSocketAddress, Association> byPeer = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<DtlsChildChannel, Association> all = new HashMap<>();
    private final Set<DtlsChildChannel> pending = new HashSet<>();

    /** What is at one address. */
    static final class Association {

        private DtlsChildChannel current;
        private @Nullable DtlsChildChannel successor;
        private long lastHeard;

        private Association(DtlsChildChannel current, long lastHeard) {
            this.current = current;
            this.lastHeard = lastHeard;
        }

        DtlsChildChannel current() {
            return current;
        }

        @Nullable DtlsChildChannel successor() {
            return successor;
        }

        long lastHeard() {
            return lastHeard;
        }

        /** The child that a ClientHello belongs to, of which it is a repetition; null if it is a new one. */
        @Nullable DtlsChildChannel childOf(ClientHello hello) {
            if (successor != null && successor.isOf(hello)) {
                return successor;
            }
            return current.isOf(hello) ? current : null;
        }
    }

    /** The association with a client that something has arrived from. */
    @Nullable Association heard(InetSocketAddress peer, long now) {
        Association association = byPeer.get(peer);
        if (association != null) {
            association.lastHeard = now;
        }
        return association;
    }

    /** The one whose client was silent for longest. */
    @Nullable Association eldest() {
        return byPeer.isEmpty() ? null : byPeer.values().iterator().next();
    }

    /** Adds a child whose handshake is to come. */
    void add(DtlsChildChannel child, long now) {
        pending.add(child);
        Association association = heard(child.peer(), now);
        if (association == null) {
            association = new Association(child, now);
            byPeer.put(child.peer(), association);
            all.put(child, association);
            return;
        }
        all.put(child, association);
        DtlsChildChannel given = association.successor;
        association.successor = child;
        if (given != null) {
            // Its client has shown by a newer ClientHello and cookie that it is gone.
            given.closeTransport();
        }
    }
    /** A handshake has succeeded. Returns the child whose place was taken, if any. */
    @Nullable DtlsChildChannel established(DtlsChildChannel child) {
        pending.remove(child);
        Association association = all.get(child);
        if (association == null || !child.equals(association.successor)) {
            return null;
        }
        DtlsChildChannel superseded = association.current;
        association.current = child;
        association.successor = null;
        return superseded;
    }

    void failed(DtlsChildChannel child) {
        pending.remove(child);
    }

    void remove(DtlsChildChannel child) {
        pending.remove(child);
        Association association = all.remove(child);
        if (association == null) {
            return;
        }
        DtlsChildChannel successor = association.successor;
        if (child.equals(successor)) {
            association.successor = null;
        } else if (child.equals(association.current) && successor == null) {
            byPeer.remove(child.peer());
        } else if (child.equals(association.current) && successor != null) {
            association.current = successor;
            association.successor = null;
        }
    }

    List<DtlsChildChannel> children() {
        return new ArrayList<>(all.keySet());
    }

    /** Addresses. */
    int size() {
        return byPeer.size();
    }

    int pending() {
        return pending.size();
    }
}
