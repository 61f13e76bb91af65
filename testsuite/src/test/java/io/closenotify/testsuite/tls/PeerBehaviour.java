package io.closenotify.testsuite.tls;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.List;

/** What a scripted peer does around a shutdown, and what must come of it. */
enum PeerBehaviour {

    REPLIES {
        @Override
        void play(EmbeddedTlsPair pair) {
            weShutDown(pair);
            pair.toPeer();
            pair.peerSendsCloseNotify();
            pair.exchange();
        }

        @Override
        ShutdownResult expected(ShutdownMode mode) {
            return expect(mode, ShutdownResult.CLEAN, ShutdownResult.CLEAN, ShutdownResult.QUIET);
        }
    },

    NEVER_REPLIES {
        @Override
        void play(EmbeddedTlsPair pair) {
            weShutDown(pair);
            pair.toPeer();
            pair.dropFromPeer();
            pair.advance(POLICY.peerTimeout());
        }

        @Override
        ShutdownResult expected(ShutdownMode mode) {
            return expect(mode, ShutdownResult.PEER_SILENT, ShutdownResult.UNIDIRECTIONAL, ShutdownResult.QUIET);
        }
    },

    FINS_BARE {
        @Override
        void play(EmbeddedTlsPair pair) {
            weShutDown(pair);
            pair.toPeer();
            pair.dropFromPeer();
            pair.peerEndsTransport();
        }

        @Override
        ShutdownResult expected(ShutdownMode mode) {
            return expect(mode, ShutdownResult.UNANSWERED, ShutdownResult.UNIDIRECTIONAL, ShutdownResult.QUIET);
        }
    },

    RESETS {
        @Override
        void play(EmbeddedTlsPair pair) {
            weShutDown(pair);
            pair.toPeer();
            pair.dropFromPeer();
            pair.peerResetsTransport();
        }

        @Override
        ShutdownResult expected(ShutdownMode mode) {
            return ShutdownResult.RESET;
        }
    },

    SENDS_A_FATAL_ALERT {
        @Override
        void play(EmbeddedTlsPair pair) {
            weShutDown(pair);
            pair.takeFromUs().release();
            pair.peerSendsFatalAlert();
            pair.toUs(pair.takeFromPeer());
        }

        @Override
        ShutdownResult expected(ShutdownMode mode) {
            return expect(mode, ShutdownResult.FATAL_ALERT, ShutdownResult.FATAL_ALERT, ShutdownResult.QUIET);
        }
    },

    SENDS_A_FATAL_ALERT_FIRST {
        @Override
        void play(EmbeddedTlsPair pair) {
            pair.peerSendsFatalAlert();
            pair.toUs(pair.takeFromPeer());
        }

        @Override
        ShutdownResult expected(ShutdownMode mode) {
            return ShutdownResult.FATAL_ALERT;
        }

        @Override
        ShutdownInitiator initiator() {
            return ShutdownInitiator.PEER;
        }

        @Override
        int alerts(ShutdownMode mode) {
            return 0;
        }
    },

    SENDS_A_MEGABYTE_AFTER_OUR_ALERT {
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
        ShutdownResult expected(ShutdownMode mode) {
            return expect(mode, ShutdownResult.CLEAN, ShutdownResult.CLEAN, ShutdownResult.QUIET);
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

    CLOSES_AT_THE_SAME_TIME {
        @Override
        void play(EmbeddedTlsPair pair) {
            pair.peerSendsCloseNotify();
            ByteBuf crossing = pair.takeFromPeer();
            weShutDown(pair);
            pair.toPeer();
            pair.toUs(crossing);
            pair.exchange();
        }

        @Override
        ShutdownResult expected(ShutdownMode mode) {
            return expect(mode, ShutdownResult.CLEAN, ShutdownResult.CLEAN, ShutdownResult.QUIET);
        }
    },

    CLOSES_FIRST_ON_AN_IDLE_CONNECTION {
        @Override
        void play(EmbeddedTlsPair pair) {
            pair.peerSendsCloseNotify();
            pair.exchange();
        }

        @Override
        ShutdownResult expected(ShutdownMode mode) {
            return expect(mode, ShutdownResult.CLEAN, ShutdownResult.CLEAN, ShutdownResult.QUIET);
        }

        @Override
        ShutdownInitiator initiator() {
            return ShutdownInitiator.PEER;
        }
    },

    ENDS_THE_TRANSPORT_FIRST {
        @Override
        void play(EmbeddedTlsPair pair) {
            pair.peerEndsTransport();
        }

        @Override
        ShutdownResult expected(ShutdownMode mode) {
            return ShutdownResult.TRUNCATED;
        }

        @Override
        ShutdownInitiator initiator() {
            return ShutdownInitiator.TRANSPORT;
        }

        @Override
        int alerts(ShutdownMode mode) {
            return 0;
        }
    },

    RESETS_FIRST {
        @Override
        void play(EmbeddedTlsPair pair) {
            pair.peerResetsTransport();
        }

        @Override
        ShutdownResult expected(ShutdownMode mode) {
            return ShutdownResult.RESET;
        }

        @Override
        ShutdownInitiator initiator() {
            return ShutdownInitiator.TRANSPORT;
        }

        @Override
        int alerts(ShutdownMode mode) {
            return 0;
        }
    };

    static final int MEGABYTE = 1_000_000;
    static final ShutdownPolicy POLICY = ShutdownPolicy.bidirectional();

    abstract void play(EmbeddedTlsPair pair);

    abstract ShutdownResult expected(ShutdownMode mode);

    ShutdownInitiator initiator() {
        return ShutdownInitiator.LOCAL;
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

    private static ShutdownResult expect(ShutdownMode mode, ShutdownResult bidirectional, ShutdownResult fast,
            ShutdownResult quiet) {
        return List.of(bidirectional, fast, quiet).get(mode.ordinal());
    }
}
