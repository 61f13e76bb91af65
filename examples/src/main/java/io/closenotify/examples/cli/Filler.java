package io.closenotify.examples.cli;

import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;

/** A stream of so many bytes that mean nothing. */
final class Filler extends InputStream {

    private static final byte FILL = 'x';

    private long remaining;

    Filler(long bytes) {
        remaining = bytes;
    }

    @Override
    public int read() {
        if (remaining == 0) {
            return -1;
        }
        remaining--;
        return FILL;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (remaining == 0 && length > 0) {
            return -1;
        }
        int filled = (int) Math.min(length, remaining);
        Arrays.fill(target, offset, offset + filled, FILL);
        remaining -= filled;
        return filled;
    }

    @Override
    public int available() {
        return (int) Math.min(remaining, Integer.MAX_VALUE);
    }
}
