package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.Random;

/** Somebody who knows the addresses of a connection, and nothing more. */
final class Forger {

    static final long LAST_SEQUENCE = (1L << 48) - 1;

    private final Random random;
    private ByteBufAllocator allocator = UnpooledByteBufAllocator.DEFAULT;

    Forger(long seed) {
        random = new Random(seed);
    }

    /** Whose books tell what is not released. */
    Forger with(ByteBufAllocator known) {
        allocator = known;
        return this;
    }

    ByteBuf record(int type, int epoch, long sequence, byte[] body) {
        return allocator.heapBuffer(DtlsRecord.HEADER + body.length)
                .writeByte(type).writeShort(0xFEFD).writeShort(epoch)
                .writeShort((int) (sequence >> 32)).writeInt((int) sequence)
                .writeShort(body.length).writeBytes(body);
    }

    /** A fragment of a message of the handshake. */
    ByteBuf handshake(int epoch, long sequence, int type, int messageSequence, byte[] body) {
        ByteBuf message = Unpooled.buffer(DtlsRecord.HANDSHAKE_HEADER + body.length)
                .writeByte(type).writeMedium(body.length).writeShort(messageSequence).writeMedium(0)
                .writeMedium(body.length).writeBytes(body);
        return record(DtlsRecord.HANDSHAKE, epoch, sequence, message.array());
    }

    byte[] noise(int length) {
        byte[] noise = new byte[length];
        random.nextBytes(noise);
        return noise;
    }

    int number(int below) {
        return random.nextInt(below);
    }

    long sequence() {
        return random.nextLong() & LAST_SEQUENCE;
    }
}
