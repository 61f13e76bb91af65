package io.closenotify.quic;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A CONNECTION_CLOSE frame as it is on the wire.
 *
 * <p><b>Specification:</b> RFC 9000, section 19.19.
 *
 * @param application whether the type is 0x1d
 * @param errorCode the code, 0 to 2<sup>62</sup> − 1
 * @param reason the bytes of the reason phrase; read-only, its position is not to be moved
 */
record CloseFrame(boolean application, long errorCode, ByteBuffer reason) {

    /** Whether this may be the frame of which the codec told: it tells the code modulo 2<sup>32</sup>. */
    boolean agreesWith(QuicConnectionClose told) {
        return application == told.application()
                && (int) errorCode == (int) told.errorCode()
                && reasonPhrase().equals(told.reason());
    }

    QuicConnectionClose toClose() {
        return new QuicConnectionClose(application, errorCode, true, reasonPhrase());
    }

    /** "SHOULD be a UTF-8 encoded string" (RFC 9000, section 19.19): whatever is not becomes U+FFFD. */
    private String reasonPhrase() {
        return StandardCharsets.UTF_8.decode(reason.duplicate()).toString();
    }
}
