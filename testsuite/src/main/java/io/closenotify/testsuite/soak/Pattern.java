package io.closenotify.testsuite.soak;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.util.Arrays;

/** Bytes that tell by themselves where in a stream they belong. */
final class Pattern {

    private static final int PERIOD = 251;

    private Pattern() {
    }

    /** As an array: the leak detector notes every access to a buffer. */
    static byte[] bytes(long from, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            long offset = from + i;
            bytes[i] = (byte) (offset % PERIOD + offset / PERIOD);
        }
        return bytes;
    }

    static ByteBuf of(ByteBufAllocator allocator, long from, int length) {
        return allocator.buffer(length).writeBytes(bytes(from, length));
    }

    /** Whether these are the bytes that belong there. */
    static boolean continues(ByteBuf data, long from) {
        return Arrays.equals(ByteBufUtil.getBytes(data), bytes(from, data.readableBytes()));
    }
}
