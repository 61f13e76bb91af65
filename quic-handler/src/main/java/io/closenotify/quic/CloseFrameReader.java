package io.closenotify.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds CONNECTION_CLOSE frames in a datagram that the codec has decrypted in place.
 *
 * <p>The codec tells the code of the peer's CONNECTION_CLOSE modulo 2<sup>32</sup>. But quiche removes the header
 * protection and decrypts the payload in the buffer that came through the UDP pipeline, if that is direct and not
 * read-only; of any other the codec makes a copy. So while the codec fires {@code QuicConnectionCloseEvent} the frame
 * lies readable in the datagram it came in, if a handler before the codec still holds that.
 *
 * <p>The buffer is written by the peer, or by anyone: nothing here throws or reads outside the range, as long as the
 * buffer is not released. A packet counts only if its payload is frames to the last byte, which ciphertext hardly ever
 * is; a packet that quiche could not decrypt and that someone prepared to look like one is why {@link #read} compares.
 *
 * <p><b>Specification:</b> RFC 9000, sections 12.2, 17.2, 17.3.1 and 19; RFC 9221, section 4. QUIC version 1 only.
 */
final class CloseFrameReader {

    private static final int VERSION_1 = 1;
    private static final int TAG_LENGTH = 16;
    private static final int CONNECTION_CLOSE = 0x1c;
    private static final int APPLICATION_CLOSE = 0x1d;
    private static final int LAST_FRAME_TYPE = 0x31;

    private CloseFrameReader() {
    }

    /**
     * Returns the close that the codec told of, with its code in full.
     *
     * @param datagram the buffer, after the codec has decrypted in it
     * @param index where the datagram began, before the codec moved the reader index
     * @param length the length of the datagram
     * @param dcidLength the length of the connection ids the codec gives out, which are the destination ids here
     * @param told what the codec's event says
     * @return the close, or {@code null} if no frame, or frames of different codes, agree with what the codec told
     */
    static @Nullable QuicConnectionClose read(
            ByteBuf datagram, int index, int length, int dcidLength, QuicConnectionClose told) {
        CloseFrame found = null;
        for (CloseFrame frame : frames(datagram, index, length, dcidLength)) {
            if (!frame.agreesWith(told)) {
                continue;
            }
            if (found != null && found.errorCode() != frame.errorCode()) {
                return null;
            }
            found = frame;
        }
        return found == null ? null : found.toClose();
    }

    /** Returns every CONNECTION_CLOSE frame of the datagram, in the order of the wire; parameters as above. */
    static List<CloseFrame> frames(ByteBuf datagram, int index, int length, int dcidLength) {
        List<CloseFrame> frames = new ArrayList<>();
        BoundedCursor packets = BoundedCursor.of(datagram, index, length);
        while (packets.hasRemaining()) {
            readFrames(nextPayload(packets, dcidLength), frames);
        }
        return frames;
    }

    /**
     * Returns where the packet with a short header begins that is coalesced behind others.
     *
     * @param datagram a datagram, encrypted or not
     * @return the index, 0 if it begins with one or has none
     */
    static int shortHeaderIndex(byte[] datagram) {
        BoundedCursor packets = BoundedCursor.of(Unpooled.wrappedBuffer(datagram), 0, datagram.length);
        while (packets.hasRemaining()) {
            int index = datagram.length - packets.remaining();
            int first = packets.readByte();
            if ((first & 0x80) == 0) {
                // RFC 9000, section 17.3.1: without the fixed bit it is padding.
                return (first & 0x40) == 0 ? 0 : index;
            }
            afterLongHeader(packets, first);
        }
        return 0;
    }

    /** RFC 9000, section 12.2: packets are coalesced; one with a short header has no length and is the last. */
    private static BoundedCursor nextPayload(BoundedCursor packets, int dcidLength) {
        int first = packets.readByte();
        BoundedCursor protectedPart = (first & 0x80) == 0
                ? afterShortHeader(packets, dcidLength)
                : afterLongHeader(packets, first);
        // RFC 9000, section 17.2: the packet number has one byte more than the two low bits say. RFC 9001, section 5.3:
        // every AEAD of TLS 1.3 that QUIC may use has a tag of 16 bytes.
        protectedPart.skip((first & 0x03) + 1);
        return protectedPart.split(protectedPart.remaining() - TAG_LENGTH);
    }

    /** RFC 9000, section 17.3.1. */
    private static BoundedCursor afterShortHeader(BoundedCursor packets, int dcidLength) {
        packets.skip(dcidLength);
        return packets.split(packets.remaining());
    }

    /** RFC 9000, section 17.2: Initial, 0-RTT and Handshake; neither Version Negotiation nor Retry has frames. */
    private static BoundedCursor afterLongHeader(BoundedCursor packets, int first) {
        if (packets.readInt() != VERSION_1) {
            packets.fail();
        }
        packets.skip(packets.readByte());
        packets.skip(packets.readByte());
        switch (first & 0x30) {
            case 0x00 -> packets.skip(packets.readVarint());
            case 0x30 -> packets.fail();
            default -> { }
        }
        return packets.split(packets.readVarint());
    }

    private static void readFrames(BoundedCursor payload, List<CloseFrame> into) {
        List<CloseFrame> frames = new ArrayList<>();
        while (payload.hasRemaining()) {
            long type = payload.readVarint();
            if (type == CONNECTION_CLOSE || type == APPLICATION_CLOSE) {
                frames.add(readClose(payload, type == APPLICATION_CLOSE));
            } else if (type <= LAST_FRAME_TYPE) {
                skipFrame(payload, (int) type);
            } else {
                payload.fail();
            }
        }
        if (!payload.failed()) {
            into.addAll(frames);
        }
    }

    /** RFC 9000, section 19.19: only type 0x1c has the type of the frame that caused it. */
    private static CloseFrame readClose(BoundedCursor payload, boolean application) {
        long errorCode = payload.readVarint();
        if (!application) {
            payload.readVarint();
        }
        byte[] reason = payload.readBytes(payload.readVarint());
        return new CloseFrame(application, errorCode, ByteBuffer.wrap(reason).asReadOnlyBuffer());
    }

    /** RFC 9000, sections 19.1 to 19.20, and RFC 9221, section 4. */
    private static void skipFrame(BoundedCursor payload, int type) {
        switch (type) {
            // PADDING, PING, HANDSHAKE_DONE
            case 0x00, 0x01, 0x1e -> { }
            // ACK
            case 0x02, 0x03 -> skipAck(payload, type);
            // RESET_STREAM
            case 0x04 -> skipVarints(payload, 3);
            // STOP_SENDING, MAX_STREAM_DATA, STREAM_DATA_BLOCKED
            case 0x05, 0x11, 0x15 -> skipVarints(payload, 2);
            // CRYPTO
            case 0x06 -> {
                skipVarints(payload, 1);
                payload.skip(payload.readVarint());
            }
            // NEW_TOKEN, and DATAGRAM with a length
            case 0x07, 0x31 -> payload.skip(payload.readVarint());
            case 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f -> skipStream(payload, type);
            // MAX_DATA, MAX_STREAMS, DATA_BLOCKED, STREAMS_BLOCKED, RETIRE_CONNECTION_ID
            case 0x10, 0x12, 0x13, 0x14, 0x16, 0x17, 0x19 -> skipVarints(payload, 1);
            // NEW_CONNECTION_ID, with its token for stateless resets
            case 0x18 -> {
                skipVarints(payload, 2);
                payload.skip(payload.readByte());
                payload.skip(16);
            }
            // PATH_CHALLENGE, PATH_RESPONSE
            case 0x1a, 0x1b -> payload.skip(8);
            // DATAGRAM up to the end of the packet
            case 0x30 -> payload.skip(payload.remaining());
            default -> payload.fail();
        }
    }

    /** RFC 9000, section 19.3: gap and length of each range follow the first, then three ECN counts with type 0x03. */
    private static void skipAck(BoundedCursor payload, int type) {
        skipVarints(payload, 2);
        long ranges = payload.readVarint();
        skipVarints(payload, 1);
        for (long i = 0; i < ranges && !payload.failed(); i++) {
            skipVarints(payload, 2);
        }
        skipVarints(payload, type == 0x03 ? 3 : 0);
    }

    /** RFC 9000, section 19.8: bit 0x04 says that there is an offset, 0x02 that there is a length. */
    private static void skipStream(BoundedCursor payload, int type) {
        skipVarints(payload, (type & 0x04) == 0 ? 1 : 2);
        payload.skip((type & 0x02) == 0 ? payload.remaining() : payload.readVarint());
    }

    private static void skipVarints(BoundedCursor payload, int count) {
        for (int i = 0; i < count; i++) {
            payload.readVarint();
        }
    }
}
