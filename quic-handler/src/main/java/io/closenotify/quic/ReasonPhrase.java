package io.closenotify.quic;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Makes reason phrases fit.
 *
 * <p>"Any limits on packet size will also limit the space available for a reason phrase" (RFC 9000, section 19.19). A
 * frame that does not fit is never sent by the codec, and its close succeeds nevertheless. The bounds here take the
 * longest packet number and so give away three bytes at most. They presume that no other frame is in the packet:
 * quiche adds none to a close.
 */
final class ReasonPhrase {

    private static final int FIRST_BYTE = 1;
    private static final int VERSION = 4;
    private static final int CONNECTION_ID_LENGTH = 1;
    private static final int LENGTH = 2;
    private static final int PACKET_NUMBER = 4;
    private static final int TAG = 16;
    private static final int FRAME_TYPE = 1;

    private ReasonPhrase() {
    }

    /**
     * Returns the reason in UTF-8, cut on the boundary of a code point.
     *
     * @param reason the reason; lone surrogates become {@code ?}
     * @param maxBytes how many bytes there may be
     * @return at most that many bytes
     * @throws IllegalArgumentException if {@code maxBytes} is negative
     */
    static byte[] encode(String reason, int maxBytes) {
        if (maxBytes < 0) {
            throw new IllegalArgumentException("maxBytes: " + maxBytes + " (expected: >= 0)");
        }
        byte[] bytes = reason.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= maxBytes) {
            return bytes;
        }
        int end = maxBytes;
        while (end > 0 && isContinuation(bytes[end])) {
            end--;
        }
        return Arrays.copyOf(bytes, end);
    }

    /**
     * Returns how long the reason may be in a packet with a short header, as all have once the handshake is confirmed.
     *
     * @param maxUdpPayload the largest UDP payload that may be sent
     * @param dcidLength the length of the peer's connection id
     * @param close the close to be sent; its reason plays no part
     * @return the bytes, 0 if not even an empty reason fits
     */
    static int maxBytes(int maxUdpPayload, int dcidLength, QuicConnectionClose close) {
        // RFC 9000, section 17.3.1.
        int header = FIRST_BYTE + dcidLength + PACKET_NUMBER;
        return maxBytes(maxUdpPayload - header - TAG, close);
    }

    /**
     * Returns how long the reason may be in any packet of the handshake, and so in one with a short header too.
     *
     * @param maxUdpPayload the largest UDP payload that may be sent
     * @param dcidLength the length of the destination connection id
     * @param scidLength the length of the source connection id
     * @param tokenLength the length of the token that a client's Initial packets carry, 0 if there is none
     * @param close the close to be sent; its reason plays no part
     * @return the bytes, 0 if not even an empty reason fits
     */
    static int maxBytesInHandshake(
            int maxUdpPayload, int dcidLength, int scidLength, int tokenLength, QuicConnectionClose close) {
        // RFC 9000, sections 17.2 and 17.2.2.
        int ids = CONNECTION_ID_LENGTH + dcidLength + CONNECTION_ID_LENGTH + scidLength;
        int token = varintLength(tokenLength) + tokenLength;
        int header = FIRST_BYTE + VERSION + ids + token + LENGTH + PACKET_NUMBER;
        return maxBytes(maxUdpPayload - header - TAG, close);
    }

    /** RFC 9000, section 16. */
    static int varintLength(long value) {
        if (value < 1L << 6) {
            return 1;
        }
        if (value < 1L << 14) {
            return 2;
        }
        return value < 1L << 30 ? 4 : 8;
    }

    /** RFC 9000, section 19.19; the frame type that type 0x1c names is PADDING in all that quiche sends. */
    private static int maxBytes(int payload, QuicConnectionClose close) {
        int causingFrameType = close.application() ? 0 : 1;
        int room = payload - FRAME_TYPE - varintLength(close.errorCode()) - causingFrameType;
        int length = room - 1;
        while (length > 0 && varintLength(length) + length > room) {
            length--;
        }
        return Math.max(0, length);
    }

    private static boolean isContinuation(byte b) {
        return (b & 0xc0) == 0x80;
    }
}
