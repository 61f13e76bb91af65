package io.closenotify.quic;

import static java.util.Objects.requireNonNull;

/**
 * What a CONNECTION_CLOSE frame says.
 *
 * <p>The reason is for people; nothing should be decided by it. One of ours that does not fit into the packet is cut,
 * on the boundary of a code point. Lone surrogates in it are sent as {@code ?}.
 *
 * <p><b>Specification:</b> RFC 9000, sections 19.19 and 20; {@code SSL_shutdown_ex(3)}.
 *
 * @param application whether the frame has type 0x1d, with a code of the application protocol, or type 0x1c, with one
 *     of QUIC itself
 * @param errorCode the code, 0 to 2<sup>62</sup> − 1
 * @param errorCodeExact whether the code is known in full. The codec tells codes received modulo 2<sup>32</sup>; where
 *     the frame itself could not be read, this is {@code false} and {@code errorCode} is that remainder
 * @param reason the reason phrase, empty if there is none
 */
public record QuicConnectionClose(boolean application, long errorCode, boolean errorCodeExact, String reason) {

    /** The largest error code: 2<sup>62</sup> − 1. */
    public static final long MAX_ERROR_CODE = (1L << 62) - 1;

    /** NO_ERROR of RFC 9000, section 20.1: an end without an error. */
    public static final long NO_ERROR = 0;

    /** CONNECTION_REFUSED of RFC 9000, section 20.1: the server takes no new connection. */
    public static final long CONNECTION_REFUSED = 2;

    /** APPLICATION_ERROR of RFC 9000, section 20.1: stands for an application's code before the handshake is done. */
    public static final long APPLICATION_ERROR = 0x0c;

    /**
     * Checks the values.
     *
     * @param application whether the frame has type 0x1d
     * @param errorCode the code
     * @param errorCodeExact whether the code is known in full
     * @param reason the reason phrase
     * @throws IllegalArgumentException if the error code is out of its range
     */
    public QuicConnectionClose {
        requireErrorCode(errorCode);
        requireNonNull(reason, "reason");
    }

    /**
     * Returns a close by the application (0x1d).
     *
     * @param errorCode the application's error code, 0 to {@link #MAX_ERROR_CODE}
     * @param reason the reason phrase; may be empty
     * @return the close
     * @throws IllegalArgumentException if the error code is out of its range
     */
    public static QuicConnectionClose application(long errorCode, String reason) {
        return new QuicConnectionClose(true, errorCode, true, reason);
    }

    /**
     * Returns a close of QUIC itself (0x1c), of which the frame type that caused it is not told.
     *
     * @param errorCode the transport error code, 0 to {@link #MAX_ERROR_CODE}
     * @param reason the reason phrase; may be empty
     * @return the close
     * @throws IllegalArgumentException if the error code is out of its range
     */
    public static QuicConnectionClose transport(long errorCode, String reason) {
        return new QuicConnectionClose(false, errorCode, true, reason);
    }

    /** RFC 9000, section 16: a variable-length integer has 62 bits. */
    static long requireErrorCode(long errorCode) {
        if (errorCode < 0 || errorCode > MAX_ERROR_CODE) {
            throw new IllegalArgumentException(
                    "errorCode: " + errorCode + " (expected: 0 to " + MAX_ERROR_CODE + ", which is 2^62 - 1)");
        }
        return errorCode;
    }
}
