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
        for (var fragment = HandshakeFragment.firstOf(record); fragment != null; fragment = fragment.next(record)) {
            if (fragment.type() == DtlsRecord.SERVER_HELLO) {
                hello(record, fragment);
            } else if (fragment.type() == DtlsRecord.NEW_SESSION_TICKET) {
                ticket(fragment);
            }
        }
    }

    private void hello(ByteBuf record, HandshakeFragment hello) {
        helloSeen = true;
        // Of a hello in pieces it is not known whether it promises a ticket: it is taken not to.
        if (hello.offset() == 0 && hello.bytes() == hello.length()) {
            ticketPromised = promisesTicket(record, hello.start(), hello.end());
        }
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

    private void ticket(HandshakeFragment ticket) {
        if (ticket.length() > LARGEST_TICKET_MESSAGE || !ticket.fits()) {
            return;
        }
        if (ticketBytes == null || ticket.sequence() != ticketSequence) {
            ticketSequence = ticket.sequence();
            ticketBytes = new BitSet(ticket.length() + 1);
        }
        BitSet bytes = ticketBytes;
        bytes.set(ticket.offset(), ticket.offset() + ticket.bytes());
        if (bytes.nextClearBit(0) >= ticket.length()) {
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
