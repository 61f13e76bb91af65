package io.closenotify;

import javax.net.ssl.SSLException;

/**
 * The input ended without the peer's close_notify: data may have been cut off (RFC 8446, section 6.1;
 * {@code SSL_R_UNEXPECTED_EOF_WHILE_READING} in OpenSSL).
 */
public final class TruncationException extends SSLException {

    private static final long serialVersionUID = 1L;

    /** Creates the exception. */
    public TruncationException() {
        this("end of input before the peer's close_notify: the data may be truncated");
    }

    /**
     * Creates the exception.
     *
     * @param message what is known about it
     */
    public TruncationException(String message) {
        super(message);
    }
}
