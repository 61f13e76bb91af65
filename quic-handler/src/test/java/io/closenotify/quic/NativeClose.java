package io.closenotify.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.incubator.codec.quic.QuicChannel;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import javax.net.ssl.SSLEngine;

/** Closes with the codes of 62 bits that the codec's API has no room for, by its native entry. */
final class NativeClose {

    private static final String PACKAGE = "io.netty.incubator.codec.quic.";
    private static final MethodHandle CONNECTION;
    private static final MethodHandle ADDRESS;
    private static final MethodHandle CLOSE;
    private static final MethodHandle SEND;

    static {
        try {
            Class<?> connection = Class.forName(PACKAGE + "QuicheQuicConnection");
            Field field = Class.forName(PACKAGE + "QuicheQuicSslEngine").getDeclaredField("connection");
            CONNECTION = lookup(field.getDeclaringClass()).unreflectGetter(field);
            ADDRESS = lookup(connection).unreflect(connection.getDeclaredMethod("address"));
            Method close = Class.forName(PACKAGE + "Quiche").getDeclaredMethod(
                    "quiche_conn_close", long.class, boolean.class, long.class, long.class, int.class);
            CLOSE = lookup(close.getDeclaringClass()).unreflect(close);
            Class<?> channel = Class.forName(PACKAGE + "QuicheQuicChannel");
            SEND = lookup(channel).unreflect(channel.getDeclaredMethod("writable"));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private NativeClose() {
    }

    /** On the event loop; the frame leaves at once, and quiche ends the connection in its own time. */
    static void close(QuicChannel channel, boolean application, long errorCode, byte[] reason) {
        ByteBuf memory = PooledByteBufAllocator.DEFAULT.directBuffer(reason.length + 1).writeBytes(reason);
        try {
            SSLEngine engine = channel.sslEngine();
            long address = (long) ADDRESS.invoke(CONNECTION.invoke(engine));
            int result = (int) CLOSE.invoke(address, application, errorCode, memory.memoryAddress(), reason.length);
            if (result != 0) {
                throw new IllegalStateException("quiche_conn_close: " + result + " (expected: 0)");
            }
            SEND.invoke(channel);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        } finally {
            memory.release();
        }
    }

    private static MethodHandles.Lookup lookup(Class<?> type) throws IllegalAccessException {
        return MethodHandles.privateLookupIn(type, MethodHandles.lookup());
    }
}
