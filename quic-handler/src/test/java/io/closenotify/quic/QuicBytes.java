package io.closenotify.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;

/** Writes QUIC packets as they are after decryption; the tag is 16 bytes of 0xff. */
final class QuicBytes {

    private final ByteBuf bytes = Unpooled.buffer();

    static byte[] bytes(int... values) {
        QuicBytes written = new QuicBytes();
        for (int value : values) {
            written.bytes.writeByte(value);
        }
        return written.toArray();
    }

    static byte[] join(byte[]... parts) {
        QuicBytes written = new QuicBytes();
        for (byte[] part : parts) {
            written.bytes.writeBytes(part);
        }
        return written.toArray();
    }

    static byte[] varint(long value) {
        QuicBytes written = new QuicBytes();
        switch (ReasonPhrase.varintLength(value)) {
            case 1 -> written.bytes.writeByte((int) value);
            case 2 -> written.bytes.writeShort((int) value | 0x4000);
            case 4 -> written.bytes.writeInt((int) value | 0x8000_0000);
            default -> written.bytes.writeLong(value | 0xc000_0000_0000_0000L);
        }
        return written.toArray();
    }

    static byte[] applicationClose(long errorCode, byte[] reason) {
        return join(bytes(0x1d), varint(errorCode), varint(reason.length), reason);
    }

    static byte[] transportClose(long errorCode, long frameType, byte[] reason) {
        return join(bytes(0x1c), varint(errorCode), varint(frameType), varint(reason.length), reason);
    }

    static byte[] shortHeader(int dcidLength, int packetNumberLength, byte[]... frames) {
        return join(
                bytes(0x40 | (packetNumberLength - 1)), new byte[dcidLength], new byte[packetNumberLength],
                join(frames), tag());
    }

    /** @param type 0 Initial, 1 0-RTT, 2 Handshake, 3 Retry */
    static byte[] longHeader(int type, int version, int packetNumberLength, byte[]... frames) {
        byte[] payload = join(new byte[packetNumberLength], join(frames), tag());
        byte[] token = type == 0 ? join(varint(5), new byte[5]) : new byte[0];
        return join(
                bytes(0xc0 | (type << 4) | (packetNumberLength - 1), 0, 0, 0, version),
                bytes(8), new byte[8], bytes(20), new byte[20], token, varint(payload.length), payload);
    }

    private static byte[] tag() {
        return bytes(255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255);
    }

    private byte[] toArray() {
        return ByteBufUtil.getBytes(bytes);
    }
}
