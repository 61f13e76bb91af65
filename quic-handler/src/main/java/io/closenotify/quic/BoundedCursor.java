package io.closenotify.quic;

import io.netty.buffer.ByteBuf;

/**
 * Reads forward through a range of a buffer and never past its end.
 *
 * <p>A read that would pass the end fails the cursor: that read and all that follow give zeros, nothing remains, and
 * {@link #failed()} tells. So a parser checks once, at its end, and its loops come to theirs. The indices are absolute:
 * the reader index of the buffer is neither used nor moved.
 */
final class BoundedCursor {

    private static final byte[] NO_BYTES = {};

    private final ByteBuf buffer;
    private int index;
    private int end;
    private boolean failed;

    private BoundedCursor(ByteBuf buffer, int index, int end) {
        this.buffer = buffer;
        this.index = index;
        this.end = end;
    }

    /** A range that does not lie in the buffer gives a failed cursor. */
    static BoundedCursor of(ByteBuf buffer, int index, int length) {
        boolean inside = index >= 0 && length >= 0 && length <= buffer.capacity() - index;
        BoundedCursor cursor = new BoundedCursor(buffer, index, inside ? index + length : index);
        if (!inside) {
            cursor.fail();
        }
        return cursor;
    }

    boolean failed() {
        return failed;
    }

    int remaining() {
        return end - index;
    }

    boolean hasRemaining() {
        return remaining() > 0;
    }

    void fail() {
        failed = true;
        end = index;
    }

    void skip(long length) {
        if (claim(length)) {
            index += (int) length;
        }
    }

    /** Returns a byte, 0 to 255. */
    int readByte() {
        return claim(1) ? buffer.getByte(index++) & 0xff : 0;
    }

    /** Returns 32 bits, big-endian. */
    long readInt() {
        return readBigEndian(4, 0);
    }

    /** RFC 9000, section 16: the two high bits of the first byte say whether there are 1, 2, 4 or 8 bytes. */
    long readVarint() {
        int first = readByte();
        return readBigEndian((1 << (first >> 6)) - 1, first & 0x3f);
    }

    byte[] readBytes(long length) {
        if (!claim(length)) {
            return NO_BYTES;
        }
        byte[] bytes = new byte[(int) length];
        buffer.getBytes(index, bytes);
        index += bytes.length;
        return bytes;
    }

    /** Returns a cursor over the next bytes and goes past them; a failed one if there are fewer. */
    BoundedCursor split(long length) {
        if (!claim(length)) {
            BoundedCursor none = new BoundedCursor(buffer, index, index);
            none.fail();
            return none;
        }
        BoundedCursor part = new BoundedCursor(buffer, index, index + (int) length);
        index = part.end;
        return part;
    }

    private long readBigEndian(int bytes, long high) {
        if (!claim(bytes)) {
            return 0;
        }
        long value = high;
        for (int i = 0; i < bytes; i++) {
            value = (value << 8) | (buffer.getByte(index++) & 0xff);
        }
        return value;
    }

    private boolean claim(long length) {
        if (failed || length < 0 || length > remaining()) {
            fail();
            return false;
        }
        return true;
    }
}
