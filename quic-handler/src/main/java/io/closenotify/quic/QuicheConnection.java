package io.closenotify.quic;

import static io.closenotify.quic.QuicheCodec.unexpected;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.closenotify.quic.QuicheCodec.Handles;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.Unpooled;
import io.netty.channel.PendingWriteQueue;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicConnectionStats;
import io.netty.incubator.codec.quic.QuicResetTokenGenerator;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.incubator.codec.quic.QuicTransportParameters;
import io.netty.util.collection.LongObjectMap;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a shutdown needs to know of, and do to, one connection of the codec.
 *
 * <p>Event loop only. Every method looks whether the connection still exists and otherwise returns what an ended
 * connection would: so that none can be used after it was freed.
 */
final class QuicheConnection implements AckWatch.Signs {

    /** {@code QUICHE_SHUTDOWN_WRITE}. */
    private static final int SHUTDOWN_WRITE = 1;

    /** {@code QUICHE_ERR_STREAM_STOPPED}: the peer sent STOP_SENDING. */
    private static final long STREAM_STOPPED = -15;

    private static final int PATH_LOCAL = 0;
    private static final int PATH_PEER = 1;
    private static final int PATH_ACTIVE = 3;
    private static final int PATH_LOST = 6;
    private static final int PATH_RTT = 8;
    private static final int PATH_CWND = 9;
    private static final int STATS_RECEIVED = 0;
    private static final int STATS_SENT = 1;
    private static final int STATS_LOST = 2;
    private static final int STATS_PATHS = 8;

    /** What {@link #inFlightEstimate()} returns if it does not know. */
    static final long UNKNOWN = -1;

    /** RFC 9000, section 2.1: the first stream of each kind has an id of 0 to 3. */
    private static final int LAST_OF_FIRST_IDS = 3;

    /** What {@link PendingWriteQueue#bytes()} adds to each message. */
    private static final int QUEUE_OVERHEAD = 64;

    /** Beyond every limit of streams that a peer may set (RFC 9000, section 4.6): 2^60. */
    private static final long UNREACHABLE_STREAM_ID = (1L << 62) - (1L << 20);

    private final QuicChannel channel;
    private final Handles codec = QuicheCodec.handles();
    private @Nullable PeerLimits peerLimits;
    private boolean streamSeen;
    private long refusedStream = -1;

    QuicheConnection(QuicChannel channel) {
        this.channel = channel;
    }

    QuicChannel channel() {
        return channel;
    }

    /** The address of the native connection, or 0 if there is none (not yet, or freed). */
    private long address() {
        assert channel.eventLoop().inEventLoop();
        try {
            Object connection = codec.channelConnection.get(channel);
            if (connection == null || (boolean) codec.connectionIsFreed.invokeExact(connection)) {
                return 0;
            }
            return (long) codec.connectionAddress.invokeExact(connection);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Whether there is a connection, freed or not: a client's channel has none before it connects. */
    private boolean hasBegun() {
        return codec.channelConnection.get(channel) != null;
    }

    @Override
    public boolean exists() {
        return address() != 0;
    }

    /** Whether the handshake is complete, so that an application's close may be sent (RFC 9000, section 10.2.3). */
    boolean isEstablished() {
        long address = address();
        try {
            return address != 0 && (boolean) codec.isEstablished.invokeExact(address);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Lets the codec send what it can. It may find the connection closed, and free it. */
    @Override
    public void pump() {
        if (address() == 0) {
            return;
        }
        try {
            codec.channelWritable.invokeExact((Object) channel);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Queues a CONNECTION_CLOSE; {@link #pump()} sends it, if the congestion window has room. Only the first one
     * counts.
     */
    void close(boolean application, long errorCode, byte[] reason) {
        QuicConnectionClose.requireErrorCode(errorCode);
        long address = address();
        if (address == 0) {
            return;
        }
        ByteBuf direct = reason.length == 0 ? Unpooled.EMPTY_BUFFER : channel.alloc().directBuffer(reason.length);
        try {
            direct.writeBytes(reason);
            int ignored = (int) codec.close.invokeExact(address, application, errorCode,
                    (long) codec.readerMemoryAddress.invokeExact(direct), reason.length);
        } catch (Throwable e) {
            throw unexpected(e);
        } finally {
            direct.release();
        }
    }

    @Override
    public long timeoutNanos() {
        long address = address();
        if (address == 0) {
            return -1;
        }
        try {
            long nanos = (long) codec.timeoutAsNanos.invokeExact(address);
            return nanos == Long.MAX_VALUE ? -1 : nanos;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private long stat(int index) {
        long address = address();
        try {
            long[] stats = address == 0 ? null : (long[]) codec.stats.invokeExact(address);
            return stats == null ? 0 : stats[index];
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public long packetsSent() {
        return statEvenAtEnd(STATS_SENT, QuicConnectionStats::sent);
    }

    @Override
    public long packetsLost() {
        return statEvenAtEnd(STATS_LOST, QuicConnectionStats::lost);
    }

    private long statEvenAtEnd(int index, ToLongFunction<QuicConnectionStats> ofStats) {
        if (exists()) {
            return stat(index);
        }
        QuicConnectionStats atEnd = hasBegun() ? channel.collectStats().getNow() : null;
        return atEnd == null ? 0 : ofStats.applyAsLong(atEnd);
    }

    /** Before the first one nothing can be sent to it but its answer. */
    @Override
    public long packetsReceived() {
        return stat(STATS_RECEIVED);
    }

    private long activePath(int index) {
        Object[] path = activePath();
        return path == null ? 0 : (long) path[index];
    }

    /** What quiche tells of the path in use. It is nearly always the first one; to count them costs a call more. */
    private Object @Nullable [] activePath() {
        long address = address();
        if (address == 0) {
            return null;
        }
        try {
            Object[] path = (Object[]) codec.pathStats.invokeExact(address, 0L);
            if (path == null || (boolean) path[PATH_ACTIVE]) {
                return path;
            }
            long paths = stat(STATS_PATHS);
            for (long index = 1; index < paths; index++) {
                Object[] next = (Object[]) codec.pathStats.invokeExact(address, index);
                if (next != null && ((boolean) next[PATH_ACTIVE] || index == paths - 1)) {
                    return next;
                }
            }
            return paths == 1 ? path : null;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public long rttNanos() {
        return activePath(PATH_RTT);
    }

    private long congestionWindow() {
        return activePath(PATH_CWND);
    }

    @Override
    public long peerIdleTimeoutNanos() {
        return peerLimits().idleTimeoutNanos();
    }

    @Override
    public long maxAckDelayNanos() {
        return peerLimits().maxAckDelayNanos();
    }

    /** They never change once the peer has told them, and the codec makes them anew each time it is asked. */
    private PeerLimits peerLimits() {
        PeerLimits known = peerLimits;
        if (known == null && exists()) {
            QuicTransportParameters parameters = channel.peerTransportParameters();
            known = parameters == null ? null : PeerLimits.of(parameters);
            peerLimits = known;
        }
        return known == null ? PeerLimits.DEFAULTS : known;
    }

    /** What fits into one datagram. */
    int maxUdpPayload() {
        long address = address();
        try {
            return address == 0 ? 0 : (int) codec.maxSendUdpPayloadSize.invokeExact(address);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** The connection id by which the peer is addressed. */
    byte[] destinationId() {
        long address = address();
        try {
            byte[] id = address == 0 ? null : (byte[]) codec.destinationId.invokeExact(address);
            return id == null ? new byte[0] : id;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** The length of our own connection ids. */
    int sourceIdLength() {
        long address = address();
        try {
            byte[] id = address == 0 ? null : (byte[]) codec.sourceId.invokeExact(address);
            return id == null ? 0 : id.length;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** The ids by which the peer may address the connection. */
    @SuppressWarnings("unchecked")
    Set<ByteBuffer> sourceIds() {
        try {
            return (Set<ByteBuffer>) (Set<?>) codec.channelSourceIds.invokeExact((Object) channel);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Makes the codec send to the peer that quiche has authenticated. The codec itself sends to whoever the last
     * datagram with a known connection id came from, forged or not.
     *
     * @return the peer's address, or {@code null} if there is no connection
     */
    @Nullable InetSocketAddress sendToActivePath() {
        Object[] path = activePath();
        if (path == null) {
            return null;
        }
        InetSocketAddress peer = (InetSocketAddress) path[PATH_PEER];
        InetSocketAddress local = (InetSocketAddress) path[PATH_LOCAL];
        InetSocketAddress remote = new InetSocketAddress(peer.getAddress(),
                portsAreSwapped(local.getPort(), peer.getPort()) ? swapped(peer.getPort()) : peer.getPort());
        codec.channelRemote.set(channel, remote);
        return remote;
    }

    /**
     * Our own port, which is known, shows whether they are; unless its two bytes are the same. Then they are taken to
     * be, as this version of the codec has it, if only the address in use does not say otherwise.
     */
    private boolean portsAreSwapped(int localPort, int peerPort) {
        int ownPort = ((InetSocketAddress) channel.parent().localAddress()).getPort();
        if (swapped(ownPort) != ownPort) {
            return localPort != ownPort;
        }
        InetSocketAddress inUse = (InetSocketAddress) channel.remoteSocketAddress();
        return inUse == null || inUse.getPort() != peerPort;
    }

    /** The codec tells the ports of a path with their bytes swapped. */
    private static int swapped(int port) {
        return Short.toUnsignedInt(Short.reverseBytes((short) port));
    }

    /** What makes the tokens of stateless resets, on a server. */
    @Nullable QuicResetTokenGenerator resetTokens() {
        return (QuicResetTokenGenerator) codec.channelResetTokens.get(channel);
    }

    @SuppressWarnings("unchecked")
    private LongObjectMap<QuicStreamChannel> streamMap() {
        return (LongObjectMap<QuicStreamChannel>) (LongObjectMap<?>) codec.channelStreams.get(channel);
    }

    /** The streams that the codec holds, as a copy. */
    List<QuicStreamChannel> streams() {
        return new ArrayList<>(streamMap().values());
    }

    /** RFC 9000, section 2.1: streams that a server opens have odd ids. */
    boolean isServer() {
        return ((long) codec.nextBidirectional.get(codec.channelStreamIds.get(channel)) & 1) == 1;
    }

    /**
     * Makes every new stream of ours fail: the codec offers no other way to refuse one. quiche answers that the limit
     * of streams is reached.
     */
    void refuseNewStreams() {
        if (refusedStream >= 0) {
            return;
        }
        Object ids = codec.channelStreamIds.get(channel);
        streamSeen |= nextOneWayStream() > LAST_OF_FIRST_IDS;
        refusedStream = nextStream();
        long unreachable = UNREACHABLE_STREAM_ID | ((long) codec.nextBidirectional.get(ids) & 1);
        codec.nextBidirectional.set(ids, unreachable);
        codec.nextUnidirectional.set(ids, unreachable | 2);
    }

    /**
     * An upper bound of the bytes that were written and that quiche has not taken, on streams that were neither reset
     * nor stopped: exact where one write is queued on each stream.
     */
    long queuedBytes() {
        long bytes = 0;
        for (QuicStreamChannel stream : streamMap().values()) {
            PendingWriteQueue queue = (PendingWriteQueue) codec.streamQueue.get(stream);
            if (!queue.isEmpty() && !wasReset(stream)) {
                // A FIN alone has no bytes, but it is pending all the same.
                bytes += Math.max(1, queue.size() == 1
                        ? readableBytes(queue.current())
                        : queue.bytes() - (long) queue.size() * QUEUE_OVERHEAD);
            }
        }
        return bytes;
    }

    /** Whether writes are queued behind a FIN that overtook them: they can never be sent. */
    boolean hasStrandedWrites() {
        for (QuicStreamChannel stream : streamMap().values()) {
            PendingWriteQueue queue = (PendingWriteQueue) codec.streamQueue.get(stream);
            if (!queue.isEmpty() && (boolean) codec.streamFinSent.get(stream) && !wasReset(stream)) {
                return true;
            }
        }
        return false;
    }

    private static int readableBytes(Object message) {
        return message instanceof ByteBufHolder frame
                ? frame.content().readableBytes()
                : ((ByteBuf) message).readableBytes();
    }

    /** A reset stream keeps later writes in its queue for ever (known bug of the codec). */
    private boolean wasReset(QuicStreamChannel stream) {
        return ((boolean) codec.streamOutputShutdown.get(stream) && !(boolean) codec.streamFinSent.get(stream))
                || capacity(stream.streamId()) == STREAM_STOPPED;
    }

    private long capacity(long stream) {
        long address = address();
        try {
            return address == 0 ? 0 : (long) codec.streamCapacity.invokeExact(address, stream);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Whether there was ever a stream to write on. */
    boolean hadStreams() {
        return streamSeen || nextStream() > LAST_OF_FIRST_IDS
                || (refusedStream < 0 && nextOneWayStream() > LAST_OF_FIRST_IDS);
    }

    /** The peer has opened a two-way stream, or it is not known whether it has. */
    void streamSeen() {
        streamSeen = true;
    }

    /** The id of the next stream of ours, or of the one that was refused first. */
    private long nextStream() {
        return refusedStream >= 0
                ? refusedStream
                : (long) codec.nextBidirectional.get(codec.channelStreamIds.get(channel));
    }

    private long nextOneWayStream() {
        return (long) codec.nextUnidirectional.get(codec.channelStreamIds.get(channel));
    }

    /**
     * About how many bytes are in flight, headers included: the congestion window, less what a stream could write now.
     * Too little where packets were lost and are to be sent again. The whole window, which is the most there can be,
     * where an acknowledgement is overdue and the probes for it are not sent yet: quiche ignores the window for these.
     * (The codec forgets to send them if it finds the timer expired while it is sending, until something else happens.)
     *
     * @return the bytes, or a negative number if flow control limits what any stream could write, or there is none
     *     that could, or packets were lost and may still have to be sent again, so that nothing is known
     */
    long inFlightEstimate() {
        long window = congestionWindow();
        long room = -1;
        for (QuicStreamChannel stream : streamMap().values()) {
            if (stream.type() == QuicStreamType.BIDIRECTIONAL || stream.isLocalCreated()) {
                room = Math.max(room, capacity(stream.streamId()));
            }
        }
        long limit = peerLimits().streamData();
        if (room < window && limit > window) {
            // A stream that was never written on is limited by the congestion window and the connection alone.
            room = Math.max(room, roomOfUnusedStream());
        }
        if (room >= window) {
            // What quiche has taken is no part of it until it is sent: a close of the peer's, read in one go with the
            // acknowledgement that opened the window, comes in between. Nor is what was lost, until it is sent again;
            // the reduction of the rate may add a window then.
            boolean hidden = room == window || (hasLostPackets() && room <= 2 * window);
            return hidden ? UNKNOWN : window;
        }
        return room >= 0 && limit > window ? window - room : UNKNOWN;
    }

    /** Whether packets were ever taken for lost. */
    boolean hasLostPackets() {
        return activePath(PATH_LOST) > 0;
    }

    /** What could be written on a stream of ours that is not used: quiche makes its state, and sends nothing. */
    private long roomOfUnusedStream() {
        long address = address();
        try {
            long id = nextStream();
            long empty = (long) codec.readerMemoryAddress.invokeExact(Unpooled.EMPTY_BUFFER);
            int ignored = (int) codec.streamSend.invokeExact(address, id, empty, 0, false);
            return capacity(id);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Whether data has arrived that the application has not read yet. */
    boolean hasUnreadData() {
        long address = address();
        if (address == 0) {
            return false;
        }
        try {
            long iterator = (long) codec.readable.invokeExact(address);
            if (iterator == -1) {
                return false;
            }
            try {
                return (int) codec.nextOfIterator.invokeExact(iterator, new long[1]) > 0;
            } finally {
                codec.freeIterator.invokeExact(iterator);
            }
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Resets our part of a stream. The codec itself takes only 32 bits of the code. */
    void resetStream(long streamId, long errorCode) {
        QuicConnectionClose.requireErrorCode(errorCode);
        long address = address();
        if (address == 0) {
            return;
        }
        try {
            int ignored = (int) codec.streamShutdown.invokeExact(address, streamId, SHUTDOWN_WRITE, errorCode);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Of the peer's transport parameters (RFC 9000, section 18.2).
     *
     * @param idleTimeoutNanos zero if it has none
     * @param maxAckDelayNanos the longest the peer delays its acknowledgements
     * @param streamData what may be sent on a two-way stream of ours before the peer allows more
     */
    private record PeerLimits(long idleTimeoutNanos, long maxAckDelayNanos, long streamData) {

        static final PeerLimits DEFAULTS = new PeerLimits(0, MILLISECONDS.toNanos(25), 0);

        static PeerLimits of(QuicTransportParameters parameters) {
            return new PeerLimits(
                    MILLISECONDS.toNanos(parameters.maxIdleTimeout()),
                    MILLISECONDS.toNanos(parameters.maxAckDelay()),
                    parameters.initialMaxStreamDataBidiRemote());
        }
    }
}
