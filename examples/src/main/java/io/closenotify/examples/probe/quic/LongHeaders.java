package io.closenotify.examples.probe.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The packets with long headers in a datagram, as far as they are not encrypted.
 *
 * <p><b>Specification:</b> RFC 9000, sections 12.2 and 17.2.
 *
 * @param names of the packets
 * @param sourceId the source connection id, or {@code null} if there is no such packet
 * @param end where a packet with a short header begins; the length of the datagram if there is none
 */
record LongHeaders(List<String> names, @Nullable ByteBuffer sourceId, int end) {

    private static final List<String> NAMES = List.of("Initial", "0-RTT", "Handshake", "Retry");

    static LongHeaders of(byte[] datagram) {
        List<String> names = new ArrayList<>();
        ByteBuf in = Unpooled.wrappedBuffer(datagram);
        ByteBuffer source = null;
        try {
            while (in.isReadable() && (in.getByte(in.readerIndex()) & 0x80) != 0) {
                int first = in.readUnsignedByte();
                int version = in.readInt();
                in.skipBytes(in.readUnsignedByte());
                source = ByteBuffer.allocate(in.readUnsignedByte());
                in.readBytes(source.array());
                int type = first >> 4 & 0x03;
                names.add(version == 0 ? "Version Negotiation" : NAMES.get(type));
                if (version == 0 || type == 3) {
                    in.skipBytes(in.readableBytes());
                } else {
                    if (type == 0) {
                        in.skipBytes((int) Math.min(Varint.read(in), in.readableBytes()));
                    }
                    in.skipBytes((int) Math.min(Varint.read(in), in.readableBytes()));
                }
            }
        } catch (IndexOutOfBoundsException e) {
            // Whoever sends half a header has nothing to say behind it.
            in.readerIndex(datagram.length);
        }
        // Zeros behind the last packet are padding of the datagram.
        int end = in.isReadable() && (in.getByte(in.readerIndex()) & 0x40) == 0 ? datagram.length : in.readerIndex();
        return new LongHeaders(names, source, end);
    }
}
