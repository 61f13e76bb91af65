package io.closenotify.examples.probe.quic;

import io.closenotify.examples.probe.quic.Frame.Close;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A datagram of the peer's.
 *
 * @param nanos when it came
 * @param datagram as it came; its position is not to be moved
 * @param number the packet number, or -1 if no packet with a short header could be read
 * @param frames what was read, empty if nothing could
 */
record Packet(long nanos, ByteBuffer datagram, long number, List<Frame> frames) {

    /** RFC 9000, section 10.3: "5 bytes that look random and the token". */
    private static final int SMALLEST_RESET = 21;

    int length() {
        return datagram.remaining();
    }

    boolean isReadable() {
        return number >= 0;
    }

    /** Whether this may be a stateless reset: it has the form of a packet with a short header, and no key fits. */
    boolean maybeReset() {
        return !isReadable() && length() >= SMALLEST_RESET && datagram.get(0) >= 0;
    }

    /** The CONNECTION_CLOSE in it, or {@code null}. */
    @Nullable Close close() {
        for (Frame frame : frames) {
            if (frame.close() != null) {
                return frame.close();
            }
        }
        return null;
    }
}
