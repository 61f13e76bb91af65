package io.closenotify.tls;

import io.netty.buffer.ByteBuf;

/** Where the records of a TLS stream begin (RFC 8446, section 5.1), found out from its bytes as they pass. */
final class RecordFraming {

    private static final int HEADER = 5;
    private static final int CHANGE_CIPHER_SPEC = 20;
    private static final int ALERT = 21;
    private static final int HEARTBEAT = 24;
    private static final int LONGEST = (1 << 14) + 2048;

    private int headerSeen;
    private int contentType;
    private int version;
    private int length;
    private long records;
    private int bodyLeft;
    private boolean valid = true;

    /** Whether these are records, as far as can be seen. */
    boolean isValid() {
        return valid;
    }

    /** How many records have begun, whose headers are complete; the last of them is described by what follows. */
    long records() {
        return records;
    }

    int contentType() {
        return contentType;
    }

    /** As in the header, major and minor. */
    int version() {
        return version;
    }

    /** Of the record without its header. */
    int length() {
        return length;
    }

    /** Whether the next byte begins a record. */
    boolean isBetweenRecords() {
        return valid && headerSeen == 0 && bodyLeft == 0;
    }

    /** Whether the next byte begins a record that is an alert to the eye; from TLS 1.3 on none is, once encrypted. */
    boolean startsWithAlert(ByteBuf data) {
        return isBetweenRecords() && data.getByte(data.readerIndex()) == ALERT;
    }

    /**
     * Passes the rest of the record that has begun, or as much of it as there is.
     *
     * @param data not empty; left as it is
     * @return how many of its bytes belong to the record, at least one
     */
    int next(ByteBuf data) {
        int start = data.readerIndex();
        int end = data.writerIndex();
        int index = start;
        while (valid && bodyLeft == 0 && index < end) {
            header(data.getUnsignedByte(index++));
            if (headerSeen == 0 && bodyLeft == 0) {
                // A record without a body.
                return index - start;
            }
        }
        if (!valid) {
            return end - start;
        }
        int body = Math.min(bodyLeft, end - index);
        bodyLeft -= body;
        return index - start + body;
    }

    private void header(int octet) {
        switch (headerSeen) {
            case 0 -> {
                valid = octet >= CHANGE_CIPHER_SPEC && octet <= HEARTBEAT;
                contentType = octet;
            }
            case 1 -> {
                valid = octet == 3;
                version = octet << 8;
            }
            case 2 -> version |= octet; // The minor version says nothing about validity.
            case 3 -> length = octet << 8;
            case 4 -> {
                length |= octet;
                valid = length <= LONGEST;
                bodyLeft = length;
                records += valid ? 1 : 0;
            }
            default -> throw new AssertionError(headerSeen);
        }
        headerSeen = (headerSeen + 1) % HEADER;
    }
}
