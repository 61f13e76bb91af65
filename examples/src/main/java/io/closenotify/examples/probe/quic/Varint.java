package io.closenotify.examples.probe.quic;

import io.netty.buffer.ByteBuf;

/** Integers of variable length: RFC 9000, section 16. */
final class Varint {

    private Varint() {
    }

    /** Reads one. */
    static long read(ByteBuf in) {
        int first = in.readUnsignedByte();
        long value = first & 0x3f;
        for (int more = (1 << (first >> 6)) - 1; more > 0; more--) {
            value = value << 8 | in.readUnsignedByte();
        }
        return value;
    }

    /** Writes one in eight bytes. */
    static void write(ByteBuf out, long value) {
        out.writeLong(value | 0xc000_0000_0000_0000L);
    }
}
