package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A handshake message, or a part of one, in a plaintext record (RFC 6347, section 4.2.2). What it says of itself need
 * not make sense.
 *
 * @param length of the whole message
 * @param sequence the number of the message
 * @param offset of this part in the message
 * @param start where this part begins in the record, behind its header
 * @param end where it ends
 */
record HandshakeFragment(int type, int length, int sequence, int offset, int start, int end) {

    /** Reads the first of a record; {@code null} if it is not there whole. */
    static @Nullable HandshakeFragment firstOf(ByteBuf record) {
        return at(record, record.readerIndex() + DtlsRecord.HEADER);
    }

    /** Reads the one behind this one; {@code null} if there is none, or not whole. */
    @Nullable HandshakeFragment next(ByteBuf record) {
        return at(record, end);
    }

    private static @Nullable HandshakeFragment at(ByteBuf record, int index) {
        int start = index + DtlsRecord.HANDSHAKE_HEADER;
        if (start > record.writerIndex()) {
            return null;
        }
        int end = start + record.getUnsignedMedium(index + 9);
        return end > record.writerIndex() ? null : new HandshakeFragment(
                record.getUnsignedByte(index), record.getUnsignedMedium(index + 1),
                record.getUnsignedShort(index + 4), record.getUnsignedMedium(index + 6), start, end);
    }

    int bytes() {
        return end - start;
    }

    /** Whether what it says of itself can be. */
    boolean fits() {
        return offset + bytes() <= length;
    }
}
