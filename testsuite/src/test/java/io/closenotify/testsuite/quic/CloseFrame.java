package io.closenotify.testsuite.quic;

import io.closenotify.quic.QuicConnectionClose;
import io.netty.incubator.codec.quic.QuicConnectionCloseEvent;
import java.nio.charset.StandardCharsets;

/**
 * A CONNECTION_CLOSE frame as somebody saw it: of the application (0x1d) or of the transport (0x1c), with a code of up
 * to 62 bits.
 */
record CloseFrame(boolean application, long code, String reason) {

    static CloseFrame application(long code, String reason) {
        return new CloseFrame(true, code, reason);
    }

    static CloseFrame transport(long code, String reason) {
        return new CloseFrame(false, code, reason);
    }

    static CloseFrame of(QuicConnectionClose close) {
        return new CloseFrame(close.application(), close.errorCode(), close.reason());
    }

    /** What the codec tells of it: no more than the low 32 bits of the code. */
    static CloseFrame of(QuicConnectionCloseEvent event) {
        return new CloseFrame(event.isApplicationClose(), Integer.toUnsignedLong(event.error()), reason(event));
    }

    private static String reason(QuicConnectionCloseEvent event) {
        try {
            return new String(event.reason(), StandardCharsets.UTF_8);
        } catch (NullPointerException e) {
            // The codec's way to say that there is none.
            return "";
        }
    }
}
