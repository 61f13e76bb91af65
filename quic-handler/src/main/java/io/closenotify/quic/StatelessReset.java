package io.closenotify.quic;

import io.netty.buffer.ByteBuf;
import io.netty.incubator.codec.quic.QuicResetTokenGenerator;
import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Makes stateless resets.
 *
 * <p><b>Specification:</b> RFC 9000, section 10.3.
 */
final class StatelessReset {

    private static final int TOKEN_LENGTH = 16;

    /** "an endpoint MUST discard packets that are too small to be valid": 5 bytes that look random and the token. */
    private static final int SMALLEST = 5 + TOKEN_LENGTH;

    /** A packet of 43 bytes or less is answered by one that is shorter by one (10.3.3: no loops). */
    private static final int USUAL = 42;

    private StatelessReset() {
    }

    /**
     * Makes the reset that answers a packet.
     *
     * @param trigger the packet; only one with a short header is answered, for its peer has a token
     * @param tokens makes the token of a connection id, or {@code null} to answer nothing
     * @param idLength the length of our connection ids
     * @return the datagram, shorter than the trigger, or {@code null} if none may be sent
     */
    static byte @Nullable [] answer(ByteBuf trigger, @Nullable QuicResetTokenGenerator tokens, int idLength) {
        int length = Math.min(USUAL, trigger.readableBytes() - 1);
        boolean shortHeader = trigger.isReadable() && trigger.getByte(trigger.readerIndex()) >= 0;
        if (tokens == null || !shortHeader || length < SMALLEST || trigger.readableBytes() < 1 + idLength) {
            return null;
        }
        byte[] id = new byte[idLength];
        trigger.getBytes(trigger.readerIndex() + 1, id);
        byte[] reset = new byte[length];
        ThreadLocalRandom.current().nextBytes(reset);
        // A short header with the fixed bit: indistinguishable from a packet of an open connection.
        reset[0] = (byte) ((reset[0] & 0x3f) | 0x40);
        tokens.newResetToken(ByteBuffer.wrap(id)).get(reset, length - TOKEN_LENGTH, TOKEN_LENGTH);
        return reset;
    }
}
