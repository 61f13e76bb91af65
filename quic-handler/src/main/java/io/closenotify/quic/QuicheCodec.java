package io.closenotify.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.PendingWriteQueue;
import io.netty.incubator.codec.quic.QuicConnectionCloseEvent;
import io.netty.incubator.codec.quic.QuicResetTokenGenerator;
import io.netty.util.collection.LongObjectMap;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The one place that reaches into netty-incubator-codec-quic, of which the public API can neither take a 62-bit error
 * code, nor keep a connection after its close, nor tell whether data was acknowledged.
 *
 * <p>Everything is looked up once, at start-up; {@link #handles()} says what is missing. On the class path
 * nothing needs to be opened; on the module path the codec's package must be (see README).
 *
 * <p>The native calls take addresses of memory: none is made but through {@link QuicheConnection}, which checks each
 * time that the connection still exists (a freed address crashes the JVM).
 */
final class QuicheCodec {

    private static final String PACKAGE = "io.netty.incubator.codec.quic.";
    private static final @Nullable Throwable UNAVAILABLE;
    private static final @Nullable Handles HANDLES;

    static {
        Handles handles = null;
        Throwable failure = null;
        try {
            handles = new Handles();
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            failure = e;
        }
        HANDLES = handles;
        UNAVAILABLE = failure;
    }

    private QuicheCodec() {
    }

    /**
     * Returns the entries.
     *
     * @throws IllegalStateException with what is missing, if the codec is not one that this class knows
     */
    static Handles handles() {
        Handles handles = HANDLES;
        if (handles == null) {
            throw new IllegalStateException("netty-incubator-codec-quic is not of a version whose internals are known"
                    + " (tested: 0.0.75.Final), or they are not open to io.closenotify.quic: " + UNAVAILABLE,
                    UNAVAILABLE);
        }
        return handles;
    }

    /** The codec's channel, connection and native entries. */
    static final class Handles {

        final Class<?> channelType;
        final VarHandle channelConnection;
        final VarHandle channelRemote;
        final VarHandle channelCloseData;
        final VarHandle channelStreams;
        final VarHandle channelResetTokens;
        final VarHandle channelStreamIds;
        final MethodHandle channelSourceIds;
        final MethodHandle channelWritable;
        final VarHandle closeDataApplication;
        final VarHandle closeDataError;
        final VarHandle closeDataReason;
        final VarHandle nextBidirectional;
        final VarHandle nextUnidirectional;
        final MethodHandle connectionIsFreed;
        final MethodHandle connectionAddress;
        final VarHandle streamQueue;
        final VarHandle streamOutputShutdown;
        final VarHandle streamFinSent;
        final VarHandle eventReason;
        final MethodHandle newEvent;
        final MethodHandle readerMemoryAddress;
        final MethodHandle close;
        final MethodHandle timeoutAsNanos;
        final MethodHandle stats;
        final MethodHandle pathStats;
        final MethodHandle isEstablished;
        final MethodHandle streamCapacity;
        final MethodHandle streamSend;
        final MethodHandle streamShutdown;
        final MethodHandle maxSendUdpPayloadSize;
        final MethodHandle sourceId;
        final MethodHandle destinationId;
        final MethodHandle readable;
        final MethodHandle nextOfIterator;
        final MethodHandle freeIterator;

        Handles() throws ReflectiveOperationException {
            channelType = type("QuicheQuicChannel");
            Class<?> connectionType = type("QuicheQuicConnection");
            Class<?> streamType = type("QuicheQuicStreamChannel");
            Class<?> closeDataType = type("QuicheQuicChannel$CloseData");
            Class<?> idsType = type("QuicStreamIdGenerator");

            Lookup channel = lookup(channelType);
            channelConnection = channel.findVarHandle(channelType, "connection", connectionType);
            channelRemote = channel.findVarHandle(channelType, "remote", InetSocketAddress.class);
            channelCloseData = channel.findVarHandle(channelType, "closeData", closeDataType);
            channelStreams = channel.findVarHandle(channelType, "streams", LongObjectMap.class);
            channelResetTokens =
                    channel.findVarHandle(channelType, "resetTokenGenerator", QuicResetTokenGenerator.class);
            channelStreamIds = channel.findVarHandle(channelType, "idGenerator", idsType);
            channelSourceIds = generic(
                    channel.findVirtual(channelType, "sourceConnectionIds", MethodType.methodType(Set.class)));
            channelWritable = generic(
                    channel.findVirtual(channelType, "writable", MethodType.methodType(void.class)));

            Lookup closeData = lookup(closeDataType);
            closeDataApplication = closeData.findVarHandle(closeDataType, "applicationClose", boolean.class);
            closeDataError = closeData.findVarHandle(closeDataType, "err", int.class);
            closeDataReason = closeData.findVarHandle(closeDataType, "reason", ByteBuf.class);

            Lookup ids = lookup(idsType);
            nextBidirectional = ids.findVarHandle(idsType, "nextBidirectionalStreamId", long.class);
            nextUnidirectional = ids.findVarHandle(idsType, "nextUnidirectionalStreamId", long.class);

            Lookup connection = lookup(connectionType);
            connectionIsFreed = generic(
                    connection.findVirtual(connectionType, "isFreed", MethodType.methodType(boolean.class)));
            connectionAddress = generic(
                    connection.findVirtual(connectionType, "address", MethodType.methodType(long.class)));

            Lookup stream = lookup(streamType);
            streamQueue = stream.findVarHandle(streamType, "queue", PendingWriteQueue.class);
            streamOutputShutdown = stream.findVarHandle(streamType, "outputShutdown", boolean.class);
            streamFinSent = stream.findVarHandle(streamType, "finSent", boolean.class);

            Lookup event = lookup(QuicConnectionCloseEvent.class);
            eventReason = event.findVarHandle(QuicConnectionCloseEvent.class, "reason", byte[].class);
            newEvent = event.findConstructor(QuicConnectionCloseEvent.class,
                    MethodType.methodType(void.class, boolean.class, int.class, byte[].class));

            Class<?> quiche = type("Quiche");
            Lookup natives = lookup(quiche);
            readerMemoryAddress = natives.findStatic(quiche, "readerMemoryAddress",
                    MethodType.methodType(long.class, ByteBuf.class));
            close = natives.findStatic(quiche, "quiche_conn_close", MethodType.methodType(
                    int.class, long.class, boolean.class, long.class, long.class, int.class));
            timeoutAsNanos = natives.findStatic(quiche, "quiche_conn_timeout_as_nanos",
                    MethodType.methodType(long.class, long.class));
            stats = natives.findStatic(quiche, "quiche_conn_stats", MethodType.methodType(long[].class, long.class));
            pathStats = natives.findStatic(quiche, "quiche_conn_path_stats",
                    MethodType.methodType(Object[].class, long.class, long.class));
            isEstablished = natives.findStatic(quiche, "quiche_conn_is_established",
                    MethodType.methodType(boolean.class, long.class));
            streamCapacity = natives.findStatic(quiche, "quiche_conn_stream_capacity",
                    MethodType.methodType(long.class, long.class, long.class));
            streamSend = natives.findStatic(quiche, "quiche_conn_stream_send", MethodType.methodType(
                    int.class, long.class, long.class, long.class, int.class, boolean.class));
            streamShutdown = natives.findStatic(quiche, "quiche_conn_stream_shutdown",
                    MethodType.methodType(int.class, long.class, long.class, int.class, long.class));
            maxSendUdpPayloadSize = natives.findStatic(quiche, "quiche_conn_max_send_udp_payload_size",
                    MethodType.methodType(int.class, long.class));
            sourceId = natives.findStatic(quiche, "quiche_conn_source_id",
                    MethodType.methodType(byte[].class, long.class));
            destinationId = natives.findStatic(quiche, "quiche_conn_destination_id",
                    MethodType.methodType(byte[].class, long.class));
            readable = natives.findStatic(quiche, "quiche_conn_readable",
                    MethodType.methodType(long.class, long.class));
            nextOfIterator = natives.findStatic(quiche, "quiche_stream_iter_next",
                    MethodType.methodType(int.class, long.class, long[].class));
            freeIterator = natives.findStatic(quiche, "quiche_stream_iter_free",
                    MethodType.methodType(void.class, long.class));
        }

        private static Class<?> type(String name) throws ClassNotFoundException {
            return Class.forName(PACKAGE + name, false, QuicConnectionCloseEvent.class.getClassLoader());
        }

        private static Lookup lookup(Class<?> type) throws IllegalAccessException {
            return MethodHandles.privateLookupIn(type, MethodHandles.lookup());
        }

        /** The receiver's type is not accessible to our code: it is called as an {@link Object}. */
        private static MethodHandle generic(MethodHandle method) {
            return method.asType(method.type().changeParameterType(0, Object.class));
        }
    }

    /** Whether the channel is one of the codec's connections. */
    static boolean isConnection(Channel channel) {
        return handles().channelType.isInstance(channel);
    }

    /**
     * Takes over the arguments of {@code QuicChannel.close(boolean, int, ByteBuf)}: the codec forgets them, so that it
     * cannot use them at the end (a negative code would abort the JVM there).
     */
    static @Nullable CloseArguments takeCloseArguments(Channel channel) {
        Handles handles = handles();
        Object data = handles.channelCloseData.get(channel);
        if (data == null) {
            return null;
        }
        handles.channelCloseData.set(channel, null);
        // The codec releases the buffer when the promise of that close() is done.
        ByteBuf reason = (ByteBuf) handles.closeDataReason.get(data);
        return new CloseArguments((boolean) handles.closeDataApplication.get(data),
                (int) handles.closeDataError.get(data), reason.toString(StandardCharsets.UTF_8));
    }

    /** The codec leaves out an empty reason, and its {@code reason()} throws then: puts one in. */
    static QuicConnectionCloseEvent repaired(QuicConnectionCloseEvent event) {
        Handles handles = handles();
        if (handles.eventReason.get(event) != null) {
            return event;
        }
        try {
            return (QuicConnectionCloseEvent) handles.newEvent.invokeExact(
                    event.isApplicationClose(), event.error(), new byte[0]);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static IllegalStateException unexpected(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        if (e instanceof RuntimeException failure) {
            throw failure;
        }
        return new IllegalStateException(e);
    }

    /** What {@code QuicChannel.close(boolean, int, ByteBuf)} was given. */
    record CloseArguments(boolean application, int error, String reason) {
    }
}
