package io.closenotify.quic;

/** What the driver is to do, in the order given. */
enum Action {

    /** Let writes and new streams fail from now on. */
    REFUSE_WRITES,

    /** Watch for the acknowledgement of everything written. */
    FLUSH,

    /** Arm the timer with the policy's {@code flushTimeout}. */
    ARM_FLUSH_TIMER,

    /** Arm the timer with the policy's {@code peerTimeout}. */
    ARM_PEER_TIMER,

    /** Arm the timer with the policy's {@code closeTimeout}. */
    ARM_CLOSE_TIMER,

    /** Hand CONNECTION_CLOSE to the codec. */
    SEND_CLOSE,

    /** Answer late packets with the close datagram for the closing period. */
    LINGER,

    /** Keep the close datagram for the closing period, silently, in case the shutdown is strengthened. */
    LINGER_SILENTLY,

    /** Begin to answer from the entry that was kept silently. */
    STRENGTHEN,

    /** Tell the application that the peer closed. */
    ANNOUNCE_PEER_CLOSE,

    /** Deliver the outcome. */
    COMPLETE,

    /** Release the connection's memory, at once or, while the peer's data is unread, when the codec does. */
    RELEASE
}
