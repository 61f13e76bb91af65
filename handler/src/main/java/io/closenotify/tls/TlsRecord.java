package io.closenotify.tls;

/**
 * The header of a TLS record that passed (RFC 8446, section 5.1).
 *
 * @param direction which way it went
 * @param contentType what it says it is. From TLS 1.3 on an encrypted record always says {@link #APPLICATION_DATA},
 *     whatever it holds
 * @param version as in the header, such as {@code 0x0303}: from TLS 1.3 on it tells nothing
 * @param length of the record without its five bytes of header
 * @param nanoTime when the header had passed, by {@link System#nanoTime()}
 */
public record TlsRecord(Direction direction, int contentType, int version, int length, long nanoTime) {

    /** The length of a record's header. */
    public static final int HEADER_LENGTH = 5;

    /** Content type of change_cipher_spec. */
    public static final int CHANGE_CIPHER_SPEC = 20;

    /** Content type of an alert. */
    public static final int ALERT = 21;

    /** Content type of a handshake message. */
    public static final int HANDSHAKE = 22;

    /** Content type of application data, and of whatever TLS 1.3 encrypts. */
    public static final int APPLICATION_DATA = 23;

    /** Which way something went. */
    public enum Direction {

        /** From us to the peer. */
        SENT,

        /** From the peer to us. */
        RECEIVED
    }
}
