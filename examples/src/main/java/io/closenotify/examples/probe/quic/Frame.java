package io.closenotify.examples.probe.quic;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A frame of a packet that was decrypted.
 *
 * <p><b>Specification:</b> RFC 9000, section 19; RFC 9221, section 4.
 *
 * @param name as RFC 9000 has it
 * @param close what a CONNECTION_CLOSE says, or {@code null} for others
 * @param data what a STREAM frame carries, or {@code null} for others
 */
record Frame(String name, @Nullable Close close, @Nullable StreamData data) {

    static final int PING = 0x01;
    static final int HANDSHAKE_DONE = 0x1e;
    static final int APPLICATION_CLOSE = 0x1d;

    private static final int CONNECTION_CLOSE = 0x1c;
    private static final int STREAM = 0x08;
    private static final int LAST_STREAM = 0x0f;

    /** Names by type; the eight types of STREAM are told apart by bits. */
    private static final String[] NAMES = {
        "PADDING", "PING", "ACK", "ACK", "RESET_STREAM", "STOP_SENDING", "CRYPTO", "NEW_TOKEN",
        "STREAM", "STREAM", "STREAM", "STREAM", "STREAM", "STREAM", "STREAM", "STREAM",
        "MAX_DATA", "MAX_STREAM_DATA", "MAX_STREAMS", "MAX_STREAMS", "DATA_BLOCKED", "STREAM_DATA_BLOCKED",
        "STREAMS_BLOCKED", "STREAMS_BLOCKED", "NEW_CONNECTION_ID", "RETIRE_CONNECTION_ID", "PATH_CHALLENGE",
        "PATH_RESPONSE", "CONNECTION_CLOSE", "CONNECTION_CLOSE", "HANDSHAKE_DONE"};

    /** What CONNECTION_CLOSE says. */
    record Close(boolean application, long code, String reason) {
    }

    /** Which bytes a STREAM frame carries. */
    record StreamData(long stream, long offset, long length, boolean fin) {

        long end() {
            return offset + length;
        }
    }

    /**
     * Reads all frames of a packet but PADDING.
     *
     * @throws IndexOutOfBoundsException if it ends inside a frame
     * @throws IllegalArgumentException if there is a frame of a type that is not known
     */
    static List<Frame> readAll(ByteBuf payload) {
        List<Frame> frames = new ArrayList<>();
        while (payload.isReadable()) {
            Frame frame = read(payload);
            if (!frame.name.equals(NAMES[0])) {
                frames.add(frame);
            }
        }
        return frames;
    }

    private static Frame read(ByteBuf in) {
        long wide = Varint.read(in);
        if (wide == 0x30 || wide == 0x31) {
            in.skipBytes(wide == 0x30 ? in.readableBytes() : length(in));
            return named("DATAGRAM");
        }
        if (wide >= NAMES.length) {
            throw new IllegalArgumentException("frame type: " + wide);
        }
        int type = (int) wide;
        if (type >= STREAM && type <= LAST_STREAM) {
            return stream(in, type);
        }
        if (type == CONNECTION_CLOSE || type == APPLICATION_CLOSE) {
            return close(in, type == APPLICATION_CLOSE);
        }
        switch (type) {
            case 0x00, 0x01, 0x1e -> { }
            case 0x02, 0x03 -> skipAck(in, type == 0x03);
            case 0x04 -> skip(in, 3);
            case 0x05, 0x11, 0x15 -> skip(in, 2);
            case 0x06 -> {
                skip(in, 1);
                in.skipBytes(length(in));
            }
            case 0x07 -> in.skipBytes(length(in));
            case 0x18 -> {
                skip(in, 2);
                in.skipBytes(in.readUnsignedByte() + 16);
            }
            case 0x1a, 0x1b -> in.skipBytes(8);
            default -> skip(in, 1);
        }
        return named(NAMES[type]);
    }

    private static Frame named(String name) {
        return new Frame(name, null, null);
    }

    private static Frame stream(ByteBuf in, int type) {
        long id = Varint.read(in);
        long offset = (type & 0x04) == 0 ? 0 : Varint.read(in);
        int length = (type & 0x02) == 0 ? in.readableBytes() : length(in);
        in.skipBytes(length);
        return new Frame(NAMES[type], null, new StreamData(id, offset, length, (type & 0x01) != 0));
    }

    private static Frame close(ByteBuf in, boolean application) {
        long code = Varint.read(in);
        if (!application) {
            skip(in, 1);
        }
        String reason = in.readCharSequence(length(in), StandardCharsets.UTF_8).toString();
        return new Frame(NAMES[CONNECTION_CLOSE], new Close(application, code, reason), null);
    }

    private static void skipAck(ByteBuf in, boolean ecn) {
        skip(in, 2);
        long ranges = Varint.read(in);
        skip(in, 1);
        for (long i = 0; i < ranges; i++) {
            skip(in, 2);
        }
        skip(in, ecn ? 3 : 0);
    }

    private static int length(ByteBuf in) {
        long length = Varint.read(in);
        if (length > in.readableBytes()) {
            throw new IndexOutOfBoundsException("length: " + length);
        }
        return (int) length;
    }

    private static void skip(ByteBuf in, int varints) {
        for (int i = 0; i < varints; i++) {
            Varint.read(in);
        }
    }
}
