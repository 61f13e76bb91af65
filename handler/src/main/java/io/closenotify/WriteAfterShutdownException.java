package io.closenotify;

import java.nio.channels.ClosedChannelException;

/**
 * A write came after the shutdown had begun. It was released and nothing of it was sent ({@code SSL_shutdown(3)}: "It
 * is not possible to call SSL_write() after calling SSL_shutdown()").
 */
public final class WriteAfterShutdownException extends ClosedChannelException {

    private static final long serialVersionUID = 1L;

    /** Creates the exception. */
    public WriteAfterShutdownException() {
        // ClosedChannelException takes no message: see getMessage().
    }

    @Override
    public String getMessage() {
        return "write after shutdown() or close(): the write side is shut down";
    }
}
