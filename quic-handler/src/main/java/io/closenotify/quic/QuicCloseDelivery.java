package io.closenotify.quic;

/** How far the news of the connection's end is known to have come. */
public enum QuicCloseDelivery {

    /** A datagram with our CONNECTION_CLOSE was written to the socket. It may still be lost. */
    ON_WIRE,

    /** The peer closed the connection itself: it knows. */
    PEER_CONFIRMED,

    /** No CONNECTION_CLOSE of ours is known to have left, and none of the peer's arrived. */
    NOT_SENT
}
