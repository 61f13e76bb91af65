package io.closenotify;

import io.netty.channel.ChannelHandler;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The handler that ends a connection, whichever its protocol: what a pipeline is asked for by whoever ends connections
 * of several. {@code close()} of the channel does the same, and closes the transport in any case.
 *
 * <p><b>Threading.</b> All methods may be called from any thread.
 *
 * <p><b>Errors.</b> Where there is nothing that could be shut down (the handler is in no pipeline, or has no TLS to
 * end) a call throws {@link IllegalStateException}, or its future fails with one and has no outcome.
 */
public interface ShutdownHandler extends ChannelHandler {

    /**
     * Shuts down by the policy in force, or joins the shutdown in progress, or the one that is over.
     *
     * @return completes when the outcome is known
     */
    OutcomeFuture<?> shutdown();

    /**
     * Forces the end, with the result {@link ShutdownResult#ABORTED} unless another one was decided before.
     *
     * @return completes when the outcome is known
     */
    OutcomeFuture<?> abort();

    /**
     * Returns the address of the peer where {@code Channel.remoteAddress()} is something else, as with QUIC.
     *
     * @return the address, or {@code null} if the channel tells it, or the connection is no more
     */
    default @Nullable SocketAddress peerAddress() {
        return null;
    }
}
