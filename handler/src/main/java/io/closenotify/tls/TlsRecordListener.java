package io.closenotify.tls;

import io.closenotify.tls.TlsRecord.Direction;

/** Is told what a {@link TlsRecordObserver} sees, on the event loop of the channel. */
@FunctionalInterface
public interface TlsRecordListener {

    /**
     * The header of a record has passed.
     *
     * @param record the header
     */
    void onRecord(TlsRecord record);

    /**
     * One side has ended TCP. Each side does that at most once, but a reset may follow the peer's FIN.
     *
     * @param direction {@link Direction#SENT} for our side
     * @param end how
     * @param nanoTime when, by {@link System#nanoTime()}
     */
    default void onTransportEnd(Direction direction, TransportEnd end, long nanoTime) {
    }

    /**
     * What passes is no TLS, or no longer: nothing more is told of that direction but how it ends.
     *
     * @param direction which way
     * @param nanoTime when, by {@link System#nanoTime()}
     */
    default void onGarbage(Direction direction, long nanoTime) {
    }

    /** How a side ends TCP. */
    enum TransportEnd {

        /**
         * Nothing more follows. That we sent it is what was asked of the kernel; where unread input is left, it sends a
         * reset instead.
         */
        FIN,

        /** Reset: what was on its way may be lost. That we sent it is told by {@code SO_LINGER} being 0. */
        RST
    }
}
