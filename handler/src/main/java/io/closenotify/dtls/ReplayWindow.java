package io.closenotify.dtls;

/**
 * Which records of an epoch have been received (RFC 6347, section 4.1.2.6). A record counts once it is authenticated.
 */
final class ReplayWindow {

    private static final int SIZE = 64;

    /** The number of the peer's Finished, as it came. Those up to here belong to the handshake, unless data came. */
    private final long base;
    private boolean beginsBeforeBase;
    private long highest;
    private long seen;
    private long received;

    /** @param base the number of the last record of the handshake, which is in the window, */
    ReplayWindow(long base) {
        this.base = base;
        highest = base;
        seen = 1;
    }

    /** Whether a record is new, as far as the window reaches back; older ones are not. */
    boolean accepts(long sequence) {
        if (sequence > highest) {
            return true;
        }
        long age = highest - sequence;
        return age < SIZE && (seen & (1L << age)) == 0;
    }

    /** Counts a record that was accepted and turned out to be authentic. */
    void add(long sequence) {
        if (sequence > highest) {
            long ahead = sequence - highest;
            seen = ahead < SIZE ? (seen << ahead) | 1 : 1;
            highest = sequence;
        } else {
            seen |= 1L << (highest - sequence);
            // A Finished that was sent again may be numbered behind data: nothing is known of what is before it.
            beginsBeforeBase |= sequence < base;
        }
        received++;
    }

    /**
     * Returns how many records before this one have not been received.
     *
     * @param sequence of a record behind which nothing was received
     */
    long missingBefore(long sequence) {
        long sent = beginsBeforeBase ? sequence - 1 : sequence - base - 1;
        return Math.max(0, sent - received);
    }
}
