package io.closenotify.boundary;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandler;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http.HttpObjectDecoder;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.util.ByteProcessor;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.VarHandle;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Looks into Netty's HTTP decoder, which keeps a start line or a header field that is partly read to itself: in its
 * buffer, or, at the end of a line, in its state alone.
 */
final class HttpDecoders {

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(HttpDecoders.class);

    private static final HttpDecoders DEFAULT = new HttpDecoders(MethodHandles.lookup());

    private final @Nullable Fields fields;

    HttpDecoders(Lookup caller) {
        fields = Fields.reach(caller);
    }

    static HttpDecoders get() {
        return DEFAULT;
    }

    /** Whether the decoder in front of a handler has one message behind it and no byte of the next. */
    boolean betweenMessages(ChannelHandlerContext behind) {
        HttpObjectDecoder decoder = fields == null ? null : nearest(behind, fields);
        return fields != null && decoder != null && fields.isIdle(decoder);
    }

    private static @Nullable HttpObjectDecoder nearest(ChannelHandlerContext behind, Fields fields) {
        HttpObjectDecoder nearest = null;
        for (Map.Entry<String, ChannelHandler> entry : behind.pipeline()) {
            ChannelHandler handler = entry.getValue();
            if (handler == behind.handler()) {
                break;
            }
            if (fields.decoderOf(handler) instanceof HttpObjectDecoder decoder) {
                nearest = decoder;
            }
        }
        return nearest;
    }

    private record Fields(VarHandle inbound, VarHandle cumulation, VarHandle state, Object idle) {

        static @Nullable Fields reach(Lookup caller) {
            try {
                VarHandle state = MethodHandles.privateLookupIn(HttpObjectDecoder.class, caller)
                        .unreflectVarHandle(HttpObjectDecoder.class.getDeclaredField("currentState"));
                return new Fields(
                        MethodHandles.privateLookupIn(CombinedChannelDuplexHandler.class, caller).findVarHandle(
                                CombinedChannelDuplexHandler.class, "inboundHandler", ChannelInboundHandler.class),
                        MethodHandles.privateLookupIn(ByteToMessageDecoder.class, caller).findVarHandle(
                                ByteToMessageDecoder.class, "cumulation", ByteBuf.class),
                        state,
                        state.get(new HttpRequestDecoder()));
            } catch (ReflectiveOperationException | RuntimeException e) {
                LOGGER.warn("Whether an HTTP message is in flight cannot be told, so every end of input without"
                        + " close_notify is a truncation (on the module path: --add-opens"
                        + " io.netty.codec.http/io.netty.handler.codec.http=io.closenotify --add-opens"
                        + " io.netty.codec/io.netty.handler.codec=io.closenotify --add-opens"
                        + " io.netty.transport/io.netty.channel=io.closenotify)", e);
                return null;
            }
        }

        @Nullable Object decoderOf(ChannelHandler handler) {
            return handler instanceof CombinedChannelDuplexHandler ? inbound.get(handler) : handler;
        }

        boolean isIdle(HttpObjectDecoder decoder) {
            ByteBuf undecoded = (ByteBuf) cumulation.get(decoder);
            return state.get(decoder) == idle
                    // RFC 9112, section 2.2: an empty line in front of a message is no part of it.
                    && (undecoded == null || undecoded.forEachByte(ByteProcessor.FIND_NON_CRLF) < 0);
        }
    }
}
