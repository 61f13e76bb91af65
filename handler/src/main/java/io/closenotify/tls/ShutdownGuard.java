package io.closenotify.tls;

import io.closenotify.WriteAfterShutdownException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.PendingWriteQueue;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Stands directly behind the {@code SslHandler} once a shutdown has begun: refuses writes, or keeps them for the time
 * after TLS; counts what arrives after our close_notify, and keeps reading whatever autoRead says.
 */
final class ShutdownGuard extends ChannelDuplexHandler {

    private final TlsShutdown shutdown;
    private @Nullable ChannelPromise behindAll;
    private @Nullable PendingWriteQueue held;

    ShutdownGuard(TlsShutdown shutdown) {
        this.shutdown = shutdown;
    }

    /**
     * Flushes the pipeline from its tail, because what handlers hold back until the flush is data written before the
     * shutdown, too; from then on writes are refused.
     *
     * @param promise completed when the kernel has taken everything
     */
    void flushAll(ChannelHandlerContext context, ChannelPromise promise) {
        behindAll = promise;
        context.channel().flush();
        if (behindAll != null) {
            // A handler on the way kept the flush to itself.
            flush(context);
        }
    }

    @Override
    public void flush(ChannelHandlerContext context) {
        ChannelPromise promise = behindAll;
        if (promise != null) {
            behindAll = null;
            // An empty write is done when everything before it is.
            context.write(Unpooled.EMPTY_BUFFER, promise);
        }
        context.flush();
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (behindAll != null) {
            context.write(message, promise);
            return;
        }
        if (shutdown.holdsWrites()) {
            if (held == null) {
                held = new PendingWriteQueue(context);
            }
            held.add(message, promise);
            return;
        }
        ReferenceCountUtil.release(message);
        promise.tryFailure(new WriteAfterShutdownException());
    }

    /** TLS is gone: what was held goes out with the next flush, in order. */
    void writeHeld() {
        PendingWriteQueue released = held;
        if (released != null) {
            released.removeAndWriteAll();
        }
    }

    /** The transport does not live on. */
    void failHeld() {
        PendingWriteQueue failed = held;
        held = null;
        if (failed != null) {
            failed.removeAndFailAll(new WriteAfterShutdownException());
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof ByteBuf data && !shutdown.accepts(data.readableBytes())) {
            data.release();
            return;
        }
        context.fireChannelRead(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.fireChannelReadComplete();
        readOn(context);
    }

    /** With autoRead off nobody else reads, and the peer's close_notify or FIN would never be seen. */
    void readOn(ChannelHandlerContext context) {
        if (shutdown.ownsReading() && !context.channel().config().isAutoRead()) {
            context.read();
        }
    }
}
