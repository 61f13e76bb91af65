package io.closenotify.testsuite.tls;

import static io.closenotify.ShutdownInitiator.LOCAL;
import static io.closenotify.ShutdownInitiator.PEER;
import static io.closenotify.ShutdownInitiator.TRANSPORT;
import static io.closenotify.ShutdownResult.CLEAN;
import static io.closenotify.ShutdownResult.FATAL_ALERT;
import static io.closenotify.ShutdownResult.PEER_SILENT;
import static io.closenotify.ShutdownResult.QUIET;
import static io.closenotify.ShutdownResult.RESET;
import static io.closenotify.ShutdownResult.TRUNCATED;
import static io.closenotify.ShutdownResult.UNANSWERED;
import static io.closenotify.ShutdownResult.UNIDIRECTIONAL;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;

/** What a scripted peer does around a shutdown, and what must come of it. */
enum PeerBehaviour {

    REPLIES(LOCAL, CLEAN, CLEAN, QUIET) {
        @Override
        void play(EmbeddedTlsPair pair) {
            weShutDown(pair);
            pair.toPeer();
            pair.peerSendsCloseNotify();
            pair.exchange();
        }
    },

    NEVER_REPLIES(LOCAL, PEER_SILENT, UNIDIRECTIONAL, QUIET) {
        @Override
        void play(EmbeddedTlsPair pair) {
            weShutDown(pair);
            pair.toPeer();
            pair.dropFromPeer();
            pair.advance(POLICY.peerTimeout());
        }
    },

    FINS_BARE(LOCAL, UNANSWERED, UNIDIRECTIONAL, QUIET) {
        @Override
        void play(EmbeddedTlsPair pair) {
            weShutDown(pair);
            pair.toPeer();
            pair.dropFromPeer();
            pair.peerEndsTransport();
        }
    },

    RESETS(LOCAL, RESET, RESET, RESET) {
        @Override
        void play(EmbeddedTlsPair pair) {
            weShutDown(pair);
            pair.toPeer();
            pair.dropFromPeer();
            pair.peerResetsTransport();
        }
    },

    SENDS_A_FATAL_ALERT(LOCAL, FATAL_ALERT, FATAL_ALERT, QUIET) {
        @Override
        void play(EmbeddedTlsPair pair) {
            weShutDown(pair);
            pair.takeFromUs().release();
            pair.peerSendsFatalAlert();
            pair.toUs(pair.takeFromPeer());
        }
    },

    SENDS_A_FATAL_ALERT_FIRST(PEER, FATAL_ALERT, FATAL_ALERT, FATAL_ALERT) {
        @Override
        void play(EmbeddedTlsPair pair) {
            pair.peerSendsFatalAlert();
            pair.toUs(pair.takeFromPeer());
        }

        @Override
        int alerts(ShutdownMode mode) {
            return 0;
        }
    },

    SENDS_A_MEGABYTE_AFTER_OUR_ALERT(LOCAL, CLEAN, CLEAN, QUIET) {
        @Override
        void play(EmbeddedTlsPair pair) {
            weShutDown(pair);
            ByteBuf ours = pair.takeFromUs();
            pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[MEGABYTE]));
            // In odd segments, so that records are cut.
            ByteBuf data = pair.takeFromPeer();
            while (data.readableBytes() > 0) {
                pair.toUs(data.readRetainedSlice(Math.min(4999, data.readableBytes())));
            }
            data.release();
            pair.peer.writeInbound(ours);
            pair.peerSendsCloseNotify();
            pair.exchange();
        }

        @Override
        long delivered(ShutdownMode mode) {
            return mode == ShutdownMode.BIDIRECTIONAL ? MEGABYTE : 0;
        }

        @Override
        long discarded(ShutdownMode mode) {
            return mode == ShutdownMode.FAST ? MEGABYTE : 0;
        }
    },

    CLOSES_AT_THE_SAME_TIME(LOCAL, CLEAN, CLEAN, QUIET) {
        @Override
        void play(EmbeddedTlsPair pair) {
            pair.peerSendsCloseNotify();
            ByteBuf crossing = pair.takeFromPeer();
            weShutDown(pair);
            pair.toPeer();
            pair.toUs(crossing);
            pair.exchange();
        }
    },

    CLOSES_FIRST_ON_AN_IDLE_CONNECTION(PEER, CLEAN, CLEAN, QUIET) {
        @Override
        void play(EmbeddedTlsPair pair) {
            pair.peerSendsCloseNotify();
            pair.exchange();
        }
    },

    ENDS_THE_TRANSPORT_FIRST(TRANSPORT, TRUNCATED, TRUNCATED, TRUNCATED) {
        @Override
        void play(EmbeddedTlsPair pair) {
            pair.peerEndsTransport();
        }

        @Override
        int alerts(ShutdownMode mode) {
            return 0;
        }
    },

    RESETS_FIRST(TRANSPORT, RESET, RESET, RESET) {
        @Override
        void play(EmbeddedTlsPair pair) {
            pair.peerResetsTransport();
        }

        @Override
        int alerts(ShutdownMode mode) {
            return 0;
        }
    };

    static final int MEGABYTE = 1_000_000;
    static final ShutdownPolicy POLICY = ShutdownPolicy.bidirectional();

    private final ShutdownInitiator initiator;
    private final ShutdownResult bidirectional;
    private final ShutdownResult fast;
    private final ShutdownResult quiet;

    /** Who begins, and what comes of it in each mode. */
    PeerBehaviour(ShutdownInitiator initiator, ShutdownResult bidirectional, ShutdownResult fast,
            ShutdownResult quiet) {
        this.initiator = initiator;
        this.bidirectional = bidirectional;
        this.fast = fast;
        this.quiet = quiet;
    }

    abstract void play(EmbeddedTlsPair pair);

    ShutdownResult expected(ShutdownMode mode) {
        return switch (mode) {
            case BIDIRECTIONAL -> bidirectional;
            case FAST -> fast;
            case QUIET -> quiet;
        };
    }

    ShutdownInitiator initiator() {
        return initiator;
    }

    int alerts(ShutdownMode mode) {
        return mode == ShutdownMode.QUIET ? 0 : 1;
    }

    long delivered(ShutdownMode mode) {
        return 0;
    }

    long discarded(ShutdownMode mode) {
        return 0;
    }

    /** The longest that anything can last once the peer has played its part. */
    static Duration atMost() {
        return POLICY.flushTimeout().plus(POLICY.peerTimeout()).plus(POLICY.linger());
    }

    private static void weShutDown(EmbeddedTlsPair pair) {
        pair.handler.shutdown();
        pair.run();
    }
}
