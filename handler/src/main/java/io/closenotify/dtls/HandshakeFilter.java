package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;
import java.util.Set;

/**
 * What may be of use to the engine during the handshake. Little of it is authenticated, and the engine dies of messages
 * that make no sense, or keeps them: of what is forged by somebody who sees nothing, most fails to pass here.
 */
final class HandshakeFilter {

    /** Far more than a handshake with many repetitions; what comes beyond is dropped. */
    private static final int MOST_BYTES = 1 << 20;
    private static final int MOST_RECORDS = 1 << 10;
    private static final int MOST_MESSAGES = 1 << 6;
    /** The JDK's limit, which it takes as fatal. */
    private static final int LARGEST_MESSAGE = 1 << 15;
    /** A Finished is 24 bytes, and 16 to 80 longer when encrypted. */
    private static final int SMALLEST_FINISHED = 24 + 16;
    private static final int LARGEST_FINISHED = 128;

    // RFC 5246, section 7.4; RFC 6347, section 4.2.2; RFC 5077 (4); RFC 6066 (22); RFC 4680 (23).
    private static final Set<Integer> OF_CLIENT = Set.of(1, 11, 15, 16);
    private static final Set<Integer> OF_SERVER = Set.of(0, 2, 3, 4, 11, 12, 13, 14, 22, 23);

    private final Set<Integer> messages;
    private int bytes;
    private boolean keysExchanged;

    HandshakeFilter(boolean ofClient) {
        messages = ofClient ? OF_SERVER : OF_CLIENT;
    }

    /** Whether to feed a record of the handshake, or ChangeCipherSpec. */
    boolean passes(ByteBuf record) {
        // Both epochs begin at 0, and the engine takes nothing that is numbered below what it has taken.
        if (DtlsRecord.sequence(record) >= MOST_RECORDS) {
            return false;
        }
        int body = record.readableBytes() - DtlsRecord.HEADER;
        if (DtlsRecord.epoch(record) == 1) {
            return DtlsRecord.type(record) == DtlsRecord.HANDSHAKE
                    && body >= SMALLEST_FINISHED && body <= LARGEST_FINISHED;
        }
        if (DtlsRecord.type(record) == DtlsRecord.CHANGE_CIPHER_SPEC) {
            return body == 1 && record.getByte(record.readerIndex() + DtlsRecord.HEADER) == 1;
        }
        if (!makesSense(record) || bytes > MOST_BYTES) {
            return false;
        }
        bytes += record.readableBytes();
        return true;
    }

    private boolean makesSense(ByteBuf record) {
        int read = 0;
        for (var fragment = HandshakeFragment.firstOf(record); fragment != null; fragment = fragment.next(record)) {
            int type = fragment.type();
            if (!messages.contains(type) || fragment.sequence() >= MOST_MESSAGES
                    || fragment.length() > LARGEST_MESSAGE || !fragment.fits()) {
                return false;
            }
            keysExchanged |= type == DtlsRecord.CLIENT_KEY_EXCHANGE;
            // JDK 17's engine dies of a hello of a version that it has never heard of.
            if (type <= DtlsRecord.HELLO_VERIFY_REQUEST && type != 0 && fragment.offset() == 0
                    && (fragment.bytes() < 2 || !DtlsRecord.isVersion(record, fragment.start()))) {
                return false;
            }
            read = fragment.end();
        }
        return read == record.writerIndex();
    }

    /** Whether the client has sent what its ChangeCipherSpec, which kills the engine otherwise, comes behind. */
    boolean keysExchanged() {
        return keysExchanged;
    }

    /** Whether an alert in plaintext is one that ends the handshake: the others do nothing. */
    static boolean ends(ByteBuf alert) {
        int body = alert.readerIndex() + DtlsRecord.HEADER;
        return alert.writerIndex() - body == 2 && DtlsRecord.sequence(alert) < MOST_RECORDS
                && (alert.getByte(body) == 2 || isCloseNotify(alert));
    }

    static boolean isCloseNotify(ByteBuf alert) {
        return alert.getByte(alert.readerIndex() + DtlsRecord.HEADER + 1) == 0;
    }
}
