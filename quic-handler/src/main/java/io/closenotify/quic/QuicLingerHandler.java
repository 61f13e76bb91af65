package io.closenotify.quic;

import io.closenotify.drain.DrainableServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.util.AttributeKey;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers for closed connections, at the head of the pipeline of a UDP channel: one handler for all connections of the
 * channel. {@link QuicShutdownHandler} puts it there by itself.
 *
 * <p>For the closing period of a connection it keeps the datagram with the CONNECTION_CLOSE and repeats it on the 1st,
 * 2nd, 4th, 8th … late packet, within three times the bytes received; the connection itself, of some 34 KiB, is
 * released at once. Closing the UDP channel tells the peers of all connections first: each is closed rapidly, within
 * one second in all.
 *
 * <p><b>Server.</b> {@link #drainable()} takes a server out of service, together with others;
 * {@link #refuseConnections()} and {@link #idle()} do so by hand. They know of the connections that have a
 * {@code QuicShutdownHandler}.
 *
 * <p><b>Threading.</b> The public methods may be called from any thread.
 *
 * <p><b>Timeouts.</b> The closing period is three times the probe timeout that the connection has measured, the peer's
 * max_ack_delay included; behind it comes {@link QuicShutdownPolicy#statelessReset()}, none by default. One timer
 * serves all connections of the channel.
 *
 * <p><b>Errors.</b> What cannot be sent is lost like any datagram. {@link #idle()} fails if the event loop is no more.
 *
 * <p><b>Steady state.</b> Each datagram passes through; nothing is looked up while no connection is being shut down.
 *
 * <p><b>Specification:</b> RFC 9000, sections 10.2.1 and 10.3. Where the codec or the transport makes several datagrams
 * of one write (segmentation offload), the last one carries the CONNECTION_CLOSE.
 */
public final class QuicLingerHandler extends ChannelDuplexHandler {

    private static final long TELL_ALL_MILLIS = 1000;

    private static final AttributeKey<QuicLingerHandler> INSTANCE =
            AttributeKey.valueOf(QuicLingerHandler.class, "INSTANCE");

    private static final long[] NO_KEYS = {};

    private final Channel udp;
    private final LongSupplier clock = System::nanoTime;
    private final LingerTable table;
    private final Set<QuicShutdownHandler> connections = new LinkedHashSet<>();
    private final Set<QuicShutdownHandler> refused = new HashSet<>();
    private final ConnectionIds ids = new ConnectionIds();
    private final LongObjectMap<QuicShutdown> watched = new LongObjectHashMap<>();
    private final Set<QuicShutdown> touched = new LinkedHashSet<>();
    private final Map<InetSocketAddress, List<QuicShutdown>> closing = new HashMap<>();
    private ChannelHandlerContext context;
    private final List<Promise<Void>> idleWaiters = new ArrayList<>();
    private @Nullable ByteBuf current;
    private int currentIndex;
    private int currentLength;
    /** Set by any thread: what is in the hands of a busy event loop is refused, too. */
    private volatile boolean refusing;
    private @Nullable Promise<Void> told;

    @SuppressWarnings("NullAway.Init")
    private QuicLingerHandler(Channel udp) {
        this.udp = udp;
        table = new LingerTable(udp.eventLoop(), clock,
                entry -> send(entry.datagram(), entry.peer()), this::tellIfIdle);
    }

    /**
     * Returns the handler of a UDP channel; puts one at the head of its pipeline if there is none.
     *
     * @param udp the channel that carries the QUIC codec
     * @return the handler
     */
    public static QuicLingerHandler of(Channel udp) {
        QuicLingerHandler made = new QuicLingerHandler(udp);
        QuicLingerHandler present = udp.attr(INSTANCE).setIfAbsent(made);
        if (present != null) {
            return present;
        }
        udp.pipeline().addFirst(made);
        return made;
    }

    // Public API, any thread

    /**
     * Refuses new connections from now on, with CONNECTION_REFUSED (RFC 9000, section 20.1). Existing ones go on. For
     * good: a server that is to accept again gets a new UDP channel.
     *
     * <p>quiche can send a close only behind its own part of the handshake: a client's connect may succeed before it
     * learns of the refusal, one flight later.
     */
    public void refuseConnections() {
        refusing = true;
    }

    /**
     * Returns this UDP channel as a server for {@link io.closenotify.drain.Drain}: new connections are refused, those
     * that have a {@code QuicShutdownHandler} are shut down, and the channel is closed when it is {@link #idle()}.
     *
     * @return the server
     */
    public DrainableServer drainable() {
        return new DrainableUdp();
    }

    /**
     * Returns a future of the time when no connection and no closing period is left on this UDP channel. Those that are
     * refused do not count: new ones may come for ever.
     *
     * @return succeeds then; if that is now, at once
     */
    public Future<Void> idle() {
        Promise<Void> idle = udp.eventLoop().newPromise();
        onLoop(() -> {
            idleWaiters.add(idle);
            tellIfIdle();
        }, idle);
        return idle;
    }

    private void onLoop(Runnable task) {
        if (udp.eventLoop().inEventLoop()) {
            task.run();
        } else {
            udp.eventLoop().execute(task);
        }
    }

    private void onLoop(Runnable task, Promise<?> promise) {
        try {
            onLoop(task);
        } catch (RejectedExecutionException e) {
            promise.tryFailure(e);
        }
    }

    private void tellIfIdle() {
        if (connections.isEmpty() && table.isIdle() && !idleWaiters.isEmpty()) {
            List<Promise<Void>> waiters = List.copyOf(idleWaiters);
            idleWaiters.clear();
            waiters.forEach(waiter -> waiter.trySuccess(null));
        }
    }

    // For the handlers of the connections, event loop

    /** A connection has come. Returns whether it is to be refused. */
    boolean register(QuicShutdownHandler connection) {
        boolean refuse = refusing;
        (refuse ? refused : connections).add(connection);
        return refuse;
    }

    /** A connection has gone. */
    void deregister(QuicShutdownHandler connection) {
        refused.remove(connection);
        if (connections.remove(connection)) {
            tellIfIdle();
        }
    }

    boolean isRefused(QuicShutdownHandler connection) {
        return refused.contains(connection);
    }

    /**
     * Calls {@link QuicShutdown#lookBehindBatch()} behind every batch of datagrams for a connection.
     *
     * @param keys the keys of the connection's ids
     */
    void watch(QuicShutdown shutdown, long[] keys) {
        for (long key : keys) {
            watched.put(key, shutdown);
        }
    }

    void unwatch(QuicShutdown shutdown, long[] keys) {
        for (long key : keys) {
            watched.remove(key);
        }
        touched.remove(shutdown);
    }

    /** Hands the next datagrams that are sent to this peer by this id to {@link QuicShutdown#closeSent}. */
    void expectClose(QuicShutdown shutdown, InetSocketAddress peer) {
        closing.computeIfAbsent(peer, unused -> new ArrayList<>(1)).add(shutdown);
    }

    void forgetClose(QuicShutdown shutdown, InetSocketAddress peer) {
        closing.computeIfPresent(peer, (unused, all) -> {
            all.remove(shutdown);
            return all.isEmpty() ? null : all;
        });
    }

    /** The keys of all ids by which the peer may address a connection. */
    long[] keysOf(QuicheConnection connection) {
        if (connection.exists()) {
            ids.ownLength(connection.sourceIdLength());
        }
        // Ids without length tell no connection from another: nothing is looked up by them.
        return ids.ownLength() == 0 ? NO_KEYS : ids.keys(connection.sourceIds());
    }

    /** Answers for a connection from now on. */
    void linger(LingerEntry entry) {
        if (udp.isOpen()) {
            table.add(entry);
        }
    }

    int lingering() {
        return table.size();
    }

    /** Sends a datagram past the codec. */
    ChannelFuture send(byte[] datagram, InetSocketAddress peer) {
        return context.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(datagram), peer));
    }

    /**
     * The CONNECTION_CLOSE that the datagram in hand holds, while the codec fires its event for it. quiche decrypts a
     * datagram in place, so that the frame can be read where the codec tells only 32 bits of its code.
     *
     * @param told what the codec tells
     * @return the same in full, or {@code null} if it cannot be read
     */
    @Nullable QuicConnectionClose closeInHand(int ownIdLength, QuicConnectionClose told) {
        return current == null
                ? null
                : CloseFrameReader.read(current, currentIndex, currentLength, ownIdLength, told);
    }

    /** Whether the codec has a datagram in hand. */
    boolean isReading() {
        return current != null;
    }

    // The pipeline's side, event loop

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext removed) {
        udp.attr(INSTANCE).compareAndSet(this, null);
        table.clear();
        tellIfIdle();
    }

    @Override
    public void channelInactive(ChannelHandlerContext own) {
        // RFC 9000 10.2: the state may end early once late packets cannot provoke a response: the socket is closed.
        table.clear();
        tellIfIdle();
        own.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext own, Object message) {
        if (!(message instanceof DatagramPacket packet)) {
            own.fireChannelRead(message);
            return;
        }
        ByteBuf content = packet.content();
        if ((!watched.isEmpty() || !table.isEmpty()) && answered(packet, ids.destinationKey(content))) {
            packet.release();
            return;
        }
        current = content;
        currentIndex = content.readerIndex();
        currentLength = content.readableBytes();
        try {
            own.fireChannelRead(packet);
        } finally {
            current = null;
        }
    }

    /** Whether the datagram belonged to a connection that is closed: the codec has no use for it. */
    private boolean answered(DatagramPacket packet, long key) {
        QuicShutdown shutdown = watched.get(key);
        if (shutdown != null) {
            touched.add(shutdown);
            return false;
        }
        LingerEntry entry = table.get(key);
        if (entry == null) {
            return false;
        }
        long now = clock.getAsLong();
        int length = packet.content().readableBytes();
        if (entry.answers(packet.sender(), length, now)) {
            send(entry.datagram(), packet.sender());
        } else if (!entry.isClosing(now)) {
            byte[] reset = StatelessReset.answer(packet.content(), entry.resets(), ids.ownLength());
            if (reset != null) {
                send(reset, packet.sender());
            }
        }
        return true;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext own) {
        own.fireChannelReadComplete();
        if (!touched.isEmpty()) {
            List<QuicShutdown> toLook = List.copyOf(touched);
            touched.clear();
            toLook.forEach(QuicShutdown::lookBehindBatch);
        }
    }

    @Override
    public void write(ChannelHandlerContext own, Object message, ChannelPromise promise) {
        if (!closing.isEmpty() && message instanceof DatagramPacket packet) {
            List<QuicShutdown> candidates = closing.get(packet.recipient());
            if (candidates != null) {
                ByteBuf content = packet.content();
                int last = lastDatagram(packet);
                for (QuicShutdown candidate : candidates) {
                    if (ConnectionIds.isAddressedTo(content, last, candidate.peerId())) {
                        byte[] datagram = new byte[content.writerIndex() - last];
                        content.getBytes(last, datagram);
                        own.write(message, promise.unvoid())
                                .addListener(written -> candidate.closeSent(datagram, written.cause()));
                        return;
                    }
                }
            }
        }
        own.write(message, promise);
    }

    /** Where the last datagram of a write begins: it is the one that holds the CONNECTION_CLOSE. */
    private static int lastDatagram(DatagramPacket packet) {
        ByteBuf content = packet.content();
        if (packet instanceof SegmentedDatagramPacket segmented && segmented.segmentSize() > 0) {
            int whole = (content.readableBytes() - 1) / segmented.segmentSize();
            return content.readerIndex() + whole * segmented.segmentSize();
        }
        return content.readerIndex();
    }

    @Override
    public void close(ChannelHandlerContext own, ChannelPromise promise) {
        if (told == null) {
            refusing = true;
            told = udp.eventLoop().newPromise();
            List<QuicShutdownHandler> all = new ArrayList<>(connections);
            all.addAll(refused);
            new MassShutdown(udp.eventLoop(), all, told).start(TELL_ALL_MILLIS);
        }
        told.addListener(unused -> own.close(promise));
    }

    /** For a drain. */
    private final class DrainableUdp implements DrainableServer {

        @Override
        public Future<?> stopAccepting(Consumer<? super Channel> drained) {
            Promise<Void> stopped = udp.eventLoop().newPromise();
            onLoop(() -> {
                refusing = true;
                connections.forEach(connection -> drained.accept(connection.channel()));
                stopped.trySuccess(null);
            }, stopped);
            return stopped;
        }

        @Override
        public Future<?> idle() {
            return QuicLingerHandler.this.idle();
        }

        @Override
        public Future<?> close() {
            return udp.close();
        }
    }
}
