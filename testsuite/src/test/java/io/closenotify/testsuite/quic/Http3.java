package io.closenotify.testsuite.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** As much of HTTP/3 as it takes to exchange data with ngtcp2's programs (RFC 9114, RFC 9204). */
final class Http3 {

    /**
     * A control stream of no more than its type and empty SETTINGS; with a FIN behind it the peer closes the connection
     * with {@link #CLOSED_CRITICAL_STREAM}.
     */
    static final byte[] CONTROL_STREAM = {0, 4, 0};

    /** H3_CLOSED_CRITICAL_STREAM. */
    static final long CLOSED_CRITICAL_STREAM = 0x104;

    private static final int DATA = 0;
    private static final int HEADERS = 1;

    /** QPACK's fields of the static table, RFC 9204, appendix A: indexed, and with a value of one's own. */
    private static final int INDEXED = 0xc0;
    private static final int NAMED = 0x50;
    private static final int AUTHORITY = 0;
    private static final int PATH = 1;
    private static final int GET = 17;
    private static final int POST = 20;
    private static final int HTTPS = 23;
    private static final int STATUS_200 = 25;

    private static final int LONG_VARINT = 0x80000000;

    private Http3() {
    }

    static ByteBuf get(String path) {
        return request(GET, path);
    }

    /** With a body of that many bytes. */
    static ByteBuf post(String path, int bytes) {
        return Unpooled.wrappedBuffer(request(POST, path), data(bytes));
    }

    /** With a body of that many bytes. */
    static ByteBuf ok(int bytes) {
        ByteBuf fields = Unpooled.buffer().writeShort(0).writeByte(INDEXED | STATUS_200);
        return Unpooled.wrappedBuffer(frame(HEADERS, fields), data(bytes));
    }

    private static ByteBuf request(int method, String path) {
        ByteBuf fields = Unpooled.buffer().writeShort(0).writeByte(INDEXED | method).writeByte(INDEXED | HTTPS);
        value(fields, AUTHORITY, "localhost");
        value(fields, PATH, path);
        return frame(HEADERS, fields);
    }

    private static void value(ByteBuf fields, int name, String value) {
        fields.writeByte(NAMED | name).writeByte(value.length());
        fields.writeCharSequence(value, StandardCharsets.US_ASCII);
    }

    private static ByteBuf data(int bytes) {
        return frame(DATA, Unpooled.wrappedBuffer(Pattern.bytes(0, bytes)));
    }

    private static ByteBuf frame(int type, ByteBuf payload) {
        ByteBuf header = Unpooled.buffer().writeByte(type).writeInt(LONG_VARINT | payload.readableBytes());
        return Unpooled.wrappedBuffer(header, payload);
    }
}
