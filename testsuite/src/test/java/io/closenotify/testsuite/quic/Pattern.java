package io.closenotify.testsuite.quic;

/** The bytes that streams carry: number i of a stream is i modulo 251. */
final class Pattern {

    private static final int PERIOD = 251;

    private Pattern() {
    }

    /** That many bytes, from this one of the stream on. */
    static byte[] bytes(long first, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) ((first + i) % PERIOD);
        }
        return bytes;
    }

    /** Whether the first bytes of the array are those from this one of the stream on. */
    static boolean matches(long first, byte[] bytes, int count) {
        for (int i = 0; i < count; i++) {
            if (bytes[i] != (byte) ((first + i) % PERIOD)) {
                return false;
            }
        }
        return true;
    }
}
