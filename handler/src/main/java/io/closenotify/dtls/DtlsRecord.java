package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;

/** The header of a record (RFC 6347, section 4.1), and that of the handshake message in it (section 4.2.2). */
final class DtlsRecord {

    static final int HEADER = 13;
    static final int HANDSHAKE_HEADER = 12;

    static final int CHANGE_CIPHER_SPEC = 20;
    static final int ALERT = 21;
    static final int HANDSHAKE = 22;
    static final int APPLICATION_DATA = 23;

    static final int CLIENT_HELLO = 1;
    static final int SERVER_HELLO = 2;
    static final int HELLO_VERIFY_REQUEST = 3;
    static final int NEW_SESSION_TICKET = 4;
    static final int CLIENT_KEY_EXCHANGE = 16;

    private static final int USER_CANCELED = 90;

    /** DTLS 1.0 and 1.2 are {254, 255} and {254, 253}. */
    private static final int MAJOR_VERSION = 254;
    private static final int DTLS_1_0 = 255;
    private static final int DTLS_1_2 = 253;

    private DtlsRecord() {
    }

    /**
     * Returns the length of the record that begins at an index, header included.
     *
     * @return 0 if there is none: too short, of an unknown type or version, or longer than the buffer
     */
    static int length(ByteBuf datagram, int index) {
        int left = datagram.writerIndex() - index;
        if (left < HEADER) {
            return 0;
        }
        int type = datagram.getUnsignedByte(index);
        int length = HEADER + datagram.getUnsignedShort(index + 11);
        return type >= CHANGE_CIPHER_SPEC && type <= APPLICATION_DATA
                && isVersion(datagram, index + 1) && length <= left ? length : 0;
    }

    static boolean isVersion(ByteBuf buffer, int index) {
        int minor = buffer.getUnsignedByte(index + 1);
        return buffer.getUnsignedByte(index) == MAJOR_VERSION && (minor == DTLS_1_0 || minor == DTLS_1_2);
    }

    static int type(ByteBuf record) {
        return record.getUnsignedByte(record.readerIndex());
    }

    static int epoch(ByteBuf record) {
        return record.getUnsignedShort(record.readerIndex() + 3);
    }

    /** The number within the epoch. */
    static long sequence(ByteBuf record) {
        return record.getLong(record.readerIndex() + 3) & 0xFFFF_FFFF_FFFFL;
    }

    /** Whether a record is that alert, in plaintext. */
    static boolean isUserCanceled(ByteBuf record) {
        return type(record) == ALERT && epoch(record) == 0
                && record.getUnsignedByte(record.writerIndex() - 1) == USER_CANCELED;
    }

    /** The type of the handshake message that begins or goes on in a plaintext record, or -1. */
    static int handshakeType(ByteBuf record) {
        return record.readableBytes() >= HEADER + HANDSHAKE_HEADER && type(record) == HANDSHAKE && epoch(record) == 0
                ? record.getUnsignedByte(record.readerIndex() + HEADER) : -1;
    }

    /** The number of the handshake message that begins or goes on in a plaintext record, or -1. */
    static int messageSequence(ByteBuf record) {
        return handshakeType(record) < 0 ? -1 : record.getUnsignedShort(record.readerIndex() + HEADER + 4);
    }

    /** Whether a plaintext record holds but a part of a handshake message. */
    static boolean isFragment(ByteBuf record) {
        int message = record.readerIndex() + HEADER;
        return handshakeType(record) >= 0
                && record.getUnsignedMedium(message + 9) < record.getUnsignedMedium(message + 1);
    }
}
