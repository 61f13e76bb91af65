package io.closenotify.examples.cli;

import io.closenotify.WriteAfterShutdownException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.PendingWriteQueue;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.PromiseNotifier;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends a modest burst at a time: UDP has no flow control, and what a receiver has no room for is lost. What waits
 * counts for the channel's writability; {@code close()} waits for it.
 */
@SuppressWarnings("NullAway.Init")
final class Pacer extends ChannelDuplexHandler {

    /** A kernel's receive buffer holds some ten times as much by default. */
    private static final int BURST_BYTES = 16 * 1024;
    private static final long PAUSE_MILLIS = 4;

    private PendingWriteQueue waiting;
    private @Nullable Future<?> pause;
    private boolean closing;

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        waiting = new PendingWriteQueue(context);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        waiting.removeAndFailAll(new ClosedChannelException());
        if (pause != null) {
            pause.cancel(false);
        }
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (closing) {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new WriteAfterShutdownException());
        } else {
            waiting.add(message, promise);
        }
    }

    @Override
    public void flush(ChannelHandlerContext context) {
        if (pause == null) {
            burst(context);
        }
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        if (waiting.isEmpty()) {
            context.close(promise);
        } else {
            closing = true;
            PromiseNotifier.cascade(context.channel().closeFuture(), promise);
            flush(context);
        }
    }

    private void burst(ChannelHandlerContext context) {
        int room = BURST_BYTES;
        for (Object next = waiting.current(); next != null && room > 0; next = waiting.current()) {
            room -= next instanceof ByteBuf data ? data.readableBytes() : 0;
            waiting.removeAndWrite();
        }
        context.flush();
        if (room < BURST_BYTES) {
            pause = context.executor().schedule(() -> resume(context), PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        }
        if (closing && waiting.isEmpty()) {
            context.close();
        }
    }

    private void resume(ChannelHandlerContext context) {
        pause = null;
        if (!waiting.isEmpty()) {
            burst(context);
        }
    }
}
