package io.closenotify.tls;

import static java.util.Objects.requireNonNull;

import io.closenotify.tls.TlsRecord.Direction;
import io.closenotify.tls.TlsRecordListener.TransportEnd;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelOutputShutdownEvent;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.function.LongSupplier;

/**
 * Tells a listener of each TLS record that passes, either way, and of FIN and RST, without touching anything.
 *
 * <p>Belongs in front of the {@code SslHandler}, as near to the transport as possible, and before the first byte: where
 * it is added in the midst of a record it takes what it sees for garbage. It looks at five bytes a record, whatever the
 * length, and keeps none. A record is sent when it is written to the channel, which may be before the kernel takes it.
 *
 * <p><b>Threading.</b> The listener is called on the event loop. It serves one channel and cannot be shared.
 *
 * <p><b>Errors.</b> What is no TLS is told once by {@link TlsRecordListener#onGarbage} and passed on untouched, as is
 * everything.
 *
 * <p><b>Specification.</b> RFC 8446, section 5.1, and RFC 5246, section 6.2.1. The true type of a record that TLS 1.3
 * has encrypted cannot be seen here.
 */
public final class TlsRecordObserver extends ChannelDuplexHandler {

    private final TlsRecordListener listener;
    private final LongSupplier clock;
    private final RecordFraming inbound = new RecordFraming();
    private final RecordFraming outbound = new RecordFraming();
    private final ChannelFutureListener written = this::written;
    private boolean finSent;
    private boolean closed;
    private boolean finReceived;
    private boolean reset;

    /**
     * Creates an observer of one channel.
     *
     * @param listener is told what passes
     */
    public TlsRecordObserver(TlsRecordListener listener) {
        this(listener, System::nanoTime);
    }

    TlsRecordObserver(TlsRecordListener listener, LongSupplier clock) {
        this.listener = requireNonNull(listener, "listener");
        this.clock = clock;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        observe(inbound, Direction.RECEIVED, message);
        context.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        observe(outbound, Direction.SENT, message);
        context.write(message, promise.unvoid().addListener(written));
    }

    private void observe(RecordFraming framing, Direction direction, Object message) {
        if (!(message instanceof ByteBuf bytes) || !framing.isValid()) {
            return;
        }
        ByteBuf data = bytes.duplicate();
        while (data.isReadable() && framing.isValid()) {
            long before = framing.records();
            data.skipBytes(framing.next(data));
            if (framing.records() != before) {
                listener.onRecord(new TlsRecord(direction, framing.contentType(), framing.version(), framing.length(),
                        clock.getAsLong()));
            }
        }
        if (!framing.isValid()) {
            listener.onGarbage(direction, clock.getAsLong());
        }
    }

    private void written(ChannelFuture write) {
        // Output that we shut down ourselves fails by ClosedChannelException.
        if (write.cause() instanceof IOException e && !(e instanceof ClosedChannelException)) {
            resetReceived();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            finReceived();
        } else if (event instanceof ChannelOutputShutdownEvent) {
            finSent(TransportEnd.FIN);
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // In front of TLS none but the transport's arrive.
        if (cause instanceof IOException) {
            resetReceived();
        }
        context.fireExceptionCaught(cause);
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        if (context.channel().isActive()) {
            Integer linger = context.channel().config().getOption(ChannelOption.SO_LINGER);
            closed = true;
            finSent(linger != null && linger == 0 ? TransportEnd.RST : TransportEnd.FIN);
        }
        context.close(promise);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        // If nobody here has closed it, the end of the input has.
        if (!closed) {
            finReceived();
        }
        context.fireChannelInactive();
    }

    private void finSent(TransportEnd end) {
        if (!finSent || end == TransportEnd.RST) {
            finSent = true;
            listener.onTransportEnd(Direction.SENT, end, clock.getAsLong());
        }
    }

    private void finReceived() {
        if (!finReceived && !reset) {
            finReceived = true;
            listener.onTransportEnd(Direction.RECEIVED, TransportEnd.FIN, clock.getAsLong());
        }
    }

    private void resetReceived() {
        if (!reset) {
            reset = true;
            listener.onTransportEnd(Direction.RECEIVED, TransportEnd.RST, clock.getAsLong());
        }
    }
}
