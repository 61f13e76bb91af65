package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A ClientHello in one piece, alone in its datagram, of epoch 0 (RFC 6347, sections 4.1, 4.2.1 and 4.2.2): the only
 * thing that a server looks at when it comes from an address that is not known.
 */
final class ClientHello {

    private static final int RECORD_HEADER = DtlsRecord.HEADER;
    private static final int BODY = RECORD_HEADER + DtlsRecord.HANDSHAKE_HEADER;

    private static final int RECORD_SEQUENCE = 5;
    private static final int MESSAGE_SEQUENCE = RECORD_HEADER + 4;
    private static final int RANDOM = BODY + 2;
    private static final int RANDOM_LENGTH = 32;
    private static final int SESSION_ID = RANDOM + RANDOM_LENGTH;
    private static final int MAX_SESSION_ID = 32;

    /** Version, random, and a session id, cookie and extensions of no bytes, with one cipher suite and compression. */
    private static final int LEAST_LENGTH = SESSION_ID + 1 + 1 + 4 + 2;

    private final byte[] datagram;
    private final int cookie;
    private final int suites;

    private ClientHello(byte[] datagram, int cookie, int suites) {
        this.datagram = datagram;
        this.cookie = cookie;
        this.suites = suites;
    }

    /** Reads a datagram, and leaves its indices as they are. Allocates nothing unless it is a ClientHello. */
    static @Nullable ClientHello parse(ByteBuf datagram) {
        int start = datagram.readerIndex();
        if (!isHeadOfClientHello(datagram, start)) {
            return null;
        }
        int end = datagram.writerIndex();
        int cookie = behindVector(datagram, start + SESSION_ID, end, 1, 0, MAX_SESSION_ID);
        int suites = behindVector(datagram, cookie, end, 1, 0, 0xff);
        int compressions = behindVector(datagram, suites, end, 2, 2, 0xfffe);
        int extensions = behindVector(datagram, compressions, end, 1, 1, 0xff);
        if (extensions < 0 || !areExtensions(datagram, extensions, end)) {
            return null;
        }
        return new ClientHello(ByteBufUtil.getBytes(datagram), cookie - start, suites - start);
    }

    private static boolean isHeadOfClientHello(ByteBuf datagram, int start) {
        int length = datagram.readableBytes();
        return length >= LEAST_LENGTH
                && datagram.getUnsignedByte(start) == DtlsRecord.HANDSHAKE
                && DtlsRecord.isVersion(datagram, start + 1)
                && datagram.getUnsignedShort(start + 3) == 0
                && datagram.getUnsignedShort(start + 11) == length - RECORD_HEADER
                && datagram.getUnsignedByte(start + RECORD_HEADER) == DtlsRecord.CLIENT_HELLO
                && datagram.getUnsignedMedium(start + RECORD_HEADER + 1) == length - BODY
                && datagram.getUnsignedMedium(start + RECORD_HEADER + 6) == 0
                && datagram.getUnsignedMedium(start + RECORD_HEADER + 9) == length - BODY
                && DtlsRecord.isVersion(datagram, start + BODY);
    }

    /** The index behind a vector; -1 if it is not there. */
    private static int behindVector(ByteBuf bytes, int index, int end, int lengthOfLength, int least, int most) {
        if (index < 0 || end - index < lengthOfLength) {
            return -1;
        }
        int length = lengthOfLength == 1 ? bytes.getUnsignedByte(index) : bytes.getUnsignedShort(index);
        int behind = index + lengthOfLength + length;
        return length < least || length > most || behind > end ? -1 : behind;
    }

    private static boolean areExtensions(ByteBuf bytes, int start, int end) {
        if (start == end) {
            return true;
        }
        if (behindVector(bytes, start, end, 2, 0, 0xffff) != end) {
            return false;
        }
        int index = start + 2;
        while (index != end) {
            index = end - index < 2 ? -1 : behindVector(bytes, index + 2, end, 2, 0, 0xffff);
            if (index < 0) {
                return false;
            }
        }
        return true;
    }

    int messageSequence() {
        return ByteBuffer.wrap(datagram).getShort(MESSAGE_SEQUENCE) & 0xffff;
    }

    /** Of the record, in its epoch 0: 48 bits. */
    long recordSequence() {
        // The two bytes before it are the epoch, zero.
        return ByteBuffer.wrap(datagram).getLong(RECORD_SEQUENCE - 2);
    }

    byte[] random() {
        return Arrays.copyOfRange(datagram, RANDOM, SESSION_ID);
    }

    boolean hasRandom(byte[] random) {
        return Arrays.equals(datagram, RANDOM, SESSION_ID, random, 0, RANDOM_LENGTH);
    }

    boolean hasCookie() {
        return datagram[cookie] != 0;
    }

    byte[] cookie() {
        return Arrays.copyOfRange(datagram, cookie + 1, suites);
    }

    int length() {
        return datagram.length;
    }

    /** What a cookie is bound to (RFC 6347, section 4.2.1): the ClientHello but for the cookie itself. */
    byte[] boundByCookie() {
        return withoutCookie(0, true);
    }

    /** The datagram of this ClientHello as it was before the client had a cookie. */
    byte[] withoutCookie(int messageSequence, boolean withSession) {
        int session = withSession ? cookie - SESSION_ID : 1;
        byte[] first = new byte[SESSION_ID + session + 1 + datagram.length - suites];
        System.arraycopy(datagram, 0, first, 0, SESSION_ID);
        if (withSession) {
            System.arraycopy(datagram, SESSION_ID, first, SESSION_ID, session);
        }
        System.arraycopy(datagram, suites, first, SESSION_ID + session + 1, datagram.length - suites);
        putHeader(ByteBuffer.wrap(first), DtlsRecord.CLIENT_HELLO, messageSequence, messageSequence);
        return first;
    }

    /**
     * The datagram that asks for a cookie, with the sequence numbers that RFC 6347, section 4.2.1 and 4.2.2, demands:
     * those of the ClientHello.
     */
    byte[] helloVerifyRequest(byte[] newCookie) {
        byte[] request = new byte[BODY + 3 + newCookie.length];
        ByteBuffer bytes = ByteBuffer.wrap(request);
        bytes.put(datagram, 0, 3);
        putHeader(bytes, DtlsRecord.HELLO_VERIFY_REQUEST, recordSequence(), messageSequence());
        bytes.position(BODY).put(datagram, BODY, 2).put((byte) newCookie.length).put(newCookie);
        return request;
    }

    /** Writes all but content type and version of the record. */
    private static void putHeader(ByteBuffer bytes, int type, long recordSequence, int messageSequence) {
        int body = bytes.capacity() - BODY;
        bytes.putLong(RECORD_SEQUENCE - 2, recordSequence)
                .putShort(RECORD_HEADER - 2, (short) (body + DtlsRecord.HANDSHAKE_HEADER))
                .putInt(RECORD_HEADER, type << 24 | body)
                .putShort(MESSAGE_SEQUENCE, (short) messageSequence)
                .putShort(MESSAGE_SEQUENCE + 2, (short) 0)
                .putInt(MESSAGE_SEQUENCE + 4, body);
    }

    /** The cookie of a datagram that is a HelloVerifyRequest; null if it is something else. */
    static byte @Nullable [] cookieOfRequest(ByteBuffer datagram) {
        int start = datagram.position();
        int length = datagram.remaining();
        boolean isRequest = length > BODY + 3 && datagram.get(start) == DtlsRecord.HANDSHAKE
                && datagram.get(start + RECORD_HEADER) == DtlsRecord.HELLO_VERIFY_REQUEST
                && (datagram.get(start + BODY + 2) & 0xff) == length - BODY - 3;
        if (!isRequest) {
            return null;
        }
        byte[] cookie = new byte[length - BODY - 3];
        datagram.get(start + BODY + 3, cookie);
        return cookie;
    }
}
