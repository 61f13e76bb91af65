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

    /**
     * Of the first records, those that say of themselves to be of the handshake: the peer has repeated its Finished.
     * That was not verified, and cannot be.
     */
    private long ofHandshake;

    /**
     * Makes the window of an epoch.
     *
     * @param base the number of the last record of the handshake, which is in the window
     * @param ofHandshake the records that said to be of the handshake, see {@link #with}
     */
    ReplayWindow(long base, long ofHandshake) {
        this.base = base;
        this.ofHandshake = ofHandshake;
        highest = base;
        seen = 1;
    }

    /** Adds a record to a set of the first ones. */
    static long with(long sequence, long records) {
        return sequence < SIZE ? records | (1L << sequence) : records;
    }

    /** Takes note of a record that says to be of the handshake. */
    void sawHandshake(long sequence) {
        ofHandshake = with(sequence, ofHandshake);
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

    /** Whether data sent before this record may be on its way still: a guess, which decides on waiting only. */
    boolean mayLackBefore(long sequence) {
        long later = sequence < SIZE ? -1L << sequence : 0;
        long earlier = base < SIZE - 1 ? (1L << (base + 1)) - 1 : -1L;
        return missingBefore(sequence) > Long.bitCount(ofHandshake & ~later & ~earlier);
    }
}
