package io.closenotify.boundary;

import io.netty.buffer.ByteBuf;
import java.util.function.LongUnaryOperator;

/** Follows frames that tell their length, over buffers cut anywhere. It keeps numbers only, no bytes. */
final class FrameTracker {

    private final int fieldOffset;
    private final int fieldEnd;
    private final LongUnaryOperator bytesBehindField;
    private int preface;
    private int headerRead;
    private long field;
    private long remaining;
    private boolean lost;

    /**
     * Before the first frame.
     *
     * @param preface length of what comes before the first frame, and is one unit with it
     * @param fieldOffset where in a frame its field begins
     * @param fieldLength bytes of the field, at most 8, the highest first
     * @param bytesBehindField how many bytes of the frame follow its field, which is given; negative if it makes no
     *     sense, which ends all tracking
     */
    FrameTracker(int preface, int fieldOffset, int fieldLength, LongUnaryOperator bytesBehindField) {
        this.preface = preface;
        this.fieldOffset = fieldOffset;
        this.fieldEnd = fieldOffset + fieldLength;
        this.bytesBehindField = bytesBehindField;
    }

    /** Takes the readable bytes into account, and leaves the buffer as it is. */
    void follow(ByteBuf data) {
        int index = data.readerIndex();
        int end = data.writerIndex();
        while (index < end && !lost) {
            if (remaining > 0) {
                int skipped = (int) Math.min(remaining, end - index);
                remaining -= skipped;
                index += skipped;
            } else {
                header(data.getUnsignedByte(index++));
            }
        }
    }

    private void header(short next) {
        if (headerRead++ >= preface + fieldOffset) {
            field = field << Byte.SIZE | next;
        }
        if (headerRead == preface + fieldEnd) {
            remaining = bytesBehindField.applyAsLong(field);
            lost = remaining < 0;
            preface = 0;
            headerRead = 0;
            field = 0;
        }
    }

    /** Whether a frame is partly read, or where frames begin and end is no longer known. */
    boolean insideFrame() {
        return lost || headerRead > 0 || remaining > 0;
    }
}
