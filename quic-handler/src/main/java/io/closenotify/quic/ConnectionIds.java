package io.closenotify.quic;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Finds connection ids in datagrams, and makes keys of them: 64 bits instead of the id itself keep an entry of the
 * linger table small. The keys are seeded, so that nobody outside can choose ids that collide.
 *
 * <p><b>Specification:</b> RFC 9000, section 17; RFC 8999, section 5.
 */
final class ConnectionIds {

    private static final int LONG_HEADER = 0x80;
    private static final int DESTINATION_LENGTH_INDEX = 5;
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

    private final long seed = ThreadLocalRandom.current().nextLong();
    private int ownLength = -1;

    /** Tells the length of our own ids, which a short header does not. */
    void ownLength(int length) {
        ownLength = length;
    }

    int ownLength() {
        return ownLength;
    }

    /** The keys of all ids. */
    long[] keys(Collection<ByteBuffer> ids) {
        long[] keys = new long[ids.size()];
        int next = 0;
        for (ByteBuffer id : ids) {
            long hash = start(id.remaining());
            for (int index = id.position(); index < id.limit(); index++) {
                hash = step(hash, id.get(index));
            }
            keys[next++] = finish(hash);
        }
        return keys;
    }

    /** The key of the id that an inbound datagram is addressed to, or 0 if there is none in it. */
    long destinationKey(ByteBuf datagram) {
        int start = datagram.readerIndex();
        int readable = datagram.readableBytes();
        if (readable < 1) {
            return 0;
        }
        int offset;
        int length;
        if ((datagram.getByte(start) & LONG_HEADER) == 0) {
            offset = 1;
            length = ownLength;
        } else if (readable > DESTINATION_LENGTH_INDEX) {
            offset = DESTINATION_LENGTH_INDEX + 1;
            length = datagram.getUnsignedByte(start + DESTINATION_LENGTH_INDEX);
        } else {
            return 0;
        }
        if (length <= 0 || readable < offset + length) {
            return 0;
        }
        long hash = start(length);
        for (int index = start + offset; index < start + offset + length; index++) {
            hash = step(hash, datagram.getByte(index));
        }
        return finish(hash);
    }

    /** Whether an outbound packet that starts at an index is addressed to an id. */
    static boolean isAddressedTo(ByteBuf datagram, int start, byte[] id) {
        int offset = (datagram.getByte(start) & LONG_HEADER) == 0 ? 1 : DESTINATION_LENGTH_INDEX + 1;
        if (datagram.writerIndex() - start < offset + id.length
                || (offset > 1 && datagram.getUnsignedByte(start + DESTINATION_LENGTH_INDEX) != id.length)) {
            return false;
        }
        for (int index = 0; index < id.length; index++) {
            if (datagram.getByte(start + offset + index) != id[index]) {
                return false;
            }
        }
        return true;
    }

    private long start(int length) {
        return seed + length;
    }

    private static long step(long hash, byte next) {
        long mixed = (hash ^ (next & 0xff)) * MULTIPLIER;
        return mixed ^ (mixed >>> 29);
    }

    private static long finish(long hash) {
        long mixed = (hash ^ (hash >>> 32)) * MULTIPLIER;
        return mixed ^ (mixed >>> 32);
    }
}
