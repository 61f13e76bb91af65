package io.closenotify.quic;

import io.netty.channel.EventLoop;
import io.netty.incubator.codec.quic.QuicChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/**
 * A linger table full of closed connections that never were: so many real ones would take minutes of handshakes. Not a
 * part of the library; it is in this package because the table is not public.
 */
public final class LingeringEntries {

    /** What the codec makes of a CONNECTION_CLOSE with a short code and reason. */
    public static final int DATAGRAM_LENGTH = 44;
    private static final long PERIOD_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final int FIRST_ADDRESS = 10 << 24;
    private static final int PORT = 443;

    private final LingerTable table;
    private final LingerEntry sample;

    private LingeringEntries(LingerTable table, LingerEntry sample) {
        this.table = table;
        this.sample = sample;
    }

    /**
     * Makes entries, each of another address and of other connection ids. Event loop.
     *
     * @param loop the event loop of the table
     * @param count how many
     * @param ids how many connection ids each has; see {@link #idsOf}
     * @return the entries
     */
    public static LingeringEntries create(EventLoop loop, int count, int ids) {
        LingerTable table = new LingerTable(loop, System::nanoTime, entry -> { }, () -> { });
        long until = System.nanoTime() + PERIOD_NANOS;
        LingerEntry sample = entry(-1, ids, until);
        for (int number = 0; number < count; number++) {
            table.add(entry(number, ids, until));
        }
        return new LingeringEntries(table, sample);
    }

    private static LingerEntry entry(int number, int ids, long until) {
        long[] keys = new long[ids];
        for (int id = 0; id < ids; id++) {
            // Odd multiples of the golden ratio: all different, spread as the real keys are.
            keys[id] = (2 * ((long) number * ids + id) + 1) * 0x9E3779B97F4A7C15L;
        }
        return new LingerEntry(address(number), new byte[DATAGRAM_LENGTH], keys, true, until, null, until);
    }

    private static InetSocketAddress address(int number) {
        try {
            byte[] address = ByteBuffer.allocate(Integer.BYTES).putInt(FIRST_ADDRESS + number).array();
            return new InetSocketAddress(InetAddress.getByAddress(address), PORT);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Returns by how many connection ids the peer of a connection may address it.
     *
     * @param connection a connection of the codec
     * @return how many keys its entry will have
     */
    public static int idsOf(QuicChannel connection) {
        return new QuicheConnection(connection).sourceIds().size();
    }

    /**
     * Returns how many entries a UDP channel has.
     *
     * @param handler the channel's
     * @return how many closed connections it answers for
     */
    public static int count(QuicLingerHandler handler) {
        return handler.lingering();
    }

    /**
     * Returns how many entries there are.
     *
     * @return how many
     */
    public int count() {
        return table.size();
    }

    /**
     * Returns an entry that is not in the table, to be measured.
     *
     * @return the entry
     */
    public Object sample() {
        return sample;
    }

    /** Forgets the entries. Event loop. */
    public void clear() {
        table.clear();
    }
}
