package io.closenotify.boundary;

import io.closenotify.MessageBoundary;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameTypes;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The boundary of HTTP/2: a message is in flight while a frame, a header block or the connection preface is partly
 * read, or while the peer has yet to end its side of a stream.
 *
 * <p>It belongs behind the {@code TlsShutdownHandler} and in front of the {@link Http2ConnectionHandler}
 * ({@code Http2FrameCodec} is one), which it finds by its type:
 * <pre>{@code
 * pipeline.addLast(tlsShutdownHandler);
 * pipeline.addLast(new Http2MessageBoundary());
 * pipeline.addLast(Http2FrameCodecBuilder.forServer().build());
 * }</pre>
 *
 * <p><b>Threading</b>: as a handler's; nothing may be called but by the event loop.
 *
 * <p><b>Errors</b>: where it finds no {@link Http2ConnectionHandler}, a message is in flight.
 *
 * <p><b>Specification</b>: RFC 9113, section 3.4 (the client's preface is 24 bytes and a SETTINGS frame), 4.1 (frames),
 * 4.3 (a header block ends with END_HEADERS), 5.1 (streams). A stream on which only we have yet to send does not count:
 * what the peer had to say there is complete.
 */
public final class Http2MessageBoundary extends ChannelInboundHandlerAdapter implements MessageBoundary {

    private static final int CLIENT_PREFACE = 24;
    /** Length, type and flags, 5 bytes, are taken for one field; behind them comes the stream's id. */
    private static final int LENGTH_TYPE_FLAGS = 5;
    private static final int STREAM_ID = 4;

    private @Nullable ChannelHandlerContext context;
    private @Nullable FrameTracker frames;
    private boolean insideHeaderBlock;

    /** For one channel. */
    public Http2MessageBoundary() {
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    @Override
    public void channelRead(ChannelHandlerContext own, Object message) {
        if (message instanceof ByteBuf data) {
            if (frames == null) {
                Http2Connection connection = connection(own);
                int preface = connection != null && connection.isServer() ? CLIENT_PREFACE : 0;
                frames = new FrameTracker(preface, 0, LENGTH_TYPE_FLAGS, this::bytesBehindFlags);
            }
            frames.follow(data);
        }
        own.fireChannelRead(message);
    }

    private long bytesBehindFlags(long lengthTypeFlags) {
        int type = (int) (lengthTypeFlags >>> Byte.SIZE) & 0xff;
        switch (type) {
            case Http2FrameTypes.HEADERS, Http2FrameTypes.PUSH_PROMISE, Http2FrameTypes.CONTINUATION ->
                    insideHeaderBlock = (lengthTypeFlags & Http2Flags.END_HEADERS) == 0;
            default -> { }
        }
        return (lengthTypeFlags >>> (2 * Byte.SIZE)) + STREAM_ID;
    }

    @Override
    public boolean isMessageInFlight() {
        Http2Connection connection = context == null ? null : connection(context);
        return connection == null || (frames != null && frames.insideFrame()) || insideHeaderBlock
                || awaitsPeer(connection);
    }

    private static boolean awaitsPeer(Http2Connection connection) {
        try {
            return connection.forEachActiveStream(stream -> !stream.state().remoteSideOpen()) != null;
        } catch (Http2Exception e) {
            return true;
        }
    }

    private static @Nullable Http2Connection connection(ChannelHandlerContext own) {
        for (Map.Entry<String, ChannelHandler> entry : own.pipeline()) {
            if (entry.getValue() instanceof Http2ConnectionHandler handler) {
                return handler.connection();
            }
        }
        return null;
    }
}
