package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a server's ChangeCipherSpec and Finished from a client's engine until everything that must come before them has
 * been there: the JDK's engine takes a Finished without the NewSessionTicket that the ServerHello has promised for a
 * forgery, and gives up (JDK-8367059). What is kept back is lost, as it may be in any network; the server repeats it.
 */
final class TicketGuard {

    private static final int SESSION_TICKET_EXTENSION = 35;
    private static final int LARGEST_TICKET_MESSAGE = 1 << 16;

    private boolean helloSeen;
    private boolean ticketPromised;
    private boolean ticketSeen;
    private int ticketSequence = -1;
    private @Nullable BitSet ticketBytes;

    /** Looks at a record of epoch 0 on its way to the engine. */
    void pass(ByteBuf record) {
        int message = record.readerIndex() + DtlsRecord.HEADER;
        while (record.writerIndex() - message >= DtlsRecord.HANDSHAKE_HEADER) {
            int type = record.getUnsignedByte(message);
            int length = record.getUnsignedMedium(message + 1);
            int offset = record.getUnsignedMedium(message + 6);
            int fragment = record.getUnsignedMedium(message + 9);
            int body = message + DtlsRecord.HANDSHAKE_HEADER;
            if (fragment > record.writerIndex() - body) {
                return;
            }
            if (type == DtlsRecord.SERVER_HELLO) {
                hello(record, body, length, offset, fragment);
            } else if (type == DtlsRecord.NEW_SESSION_TICKET) {
                ticket(record.getUnsignedShort(message + 4), length, offset, fragment);
            }
            message = body + fragment;
        }
    }

    private void hello(ByteBuf record, int body, int length, int offset, int fragment) {
        if (offset != 0 || fragment != length) {
            // A hello in pieces: whether it promises a ticket is not known. It is taken not to.
            helloSeen = true;
            return;
        }
        helloSeen = true;
        ticketPromised = promisesTicket(record, body, body + length);
    }

    /** RFC 5077, section 3.2: an empty SessionTicket extension in the ServerHello. */
    private static boolean promisesTicket(ByteBuf record, int body, int end) {
        int sessionId = body + 2 + 32;
        if (sessionId >= end) {
            return false;
        }
        int extensions = sessionId + 1 + record.getUnsignedByte(sessionId) + 2 + 1 + 2;
        while (extensions + 4 <= end) {
            if (record.getUnsignedShort(extensions) == SESSION_TICKET_EXTENSION) {
                return true;
            }
            extensions += 4 + record.getUnsignedShort(extensions + 2);
        }
        return false;
    }

    private void ticket(int sequence, int length, int offset, int fragment) {
        if (length > LARGEST_TICKET_MESSAGE || offset + fragment > length) {
            return;
        }
        if (ticketBytes == null || sequence != ticketSequence) {
            ticketSequence = sequence;
            ticketBytes = new BitSet(length + 1);
        }
        BitSet bytes = ticketBytes;
        bytes.set(offset, offset + fragment);
        if (bytes.nextClearBit(0) >= length) {
            ticketSeen = true;
        }
    }

    /** Whether no ServerHello has come yet. */
    boolean awaitsHello() {
        return !helloSeen;
    }

    /** Whether ChangeCipherSpec and Finished may go to the engine. */
    boolean isSatisfied() {
        return helloSeen && (ticketSeen || !ticketPromised);
    }
}
