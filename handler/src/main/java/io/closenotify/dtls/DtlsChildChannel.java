package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import io.netty.util.internal.StringUtil;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The association with one client, on the socket of its server channel. Reads and writes one {@link ByteBuf} a
 * datagram.
 *
 * <p>A write stays in this channel's outbound buffer until the socket has taken or refused it, so that its promise and
 * {@link #isWritable()} tell the truth. A refused datagram (too large, network unreachable) fails its own promise and
 * nothing else.
 */
final class DtlsChildChannel extends AbstractChannel {

    private static final ChannelMetadata METADATA = new ChannelMetadata(false);

    /** So many datagrams are read in a row, as the socket reads them. */
    private static final int READS_IN_A_ROW = DtlsServerChannel.READS_IN_A_ROW;

    /** Enough for a batch of system calls; the rest waits here, where a look at it costs nothing. */
    private static final int MAX_IN_FLIGHT = 64;

    private final ChannelConfig config = new DefaultChannelConfig(this);
    private final DtlsServerChannel server;
    private final InetSocketAddress peer;
    private final byte[] clientRandom;
    private final ChildHandler first;
    private final UnreadDatagrams unread = new UnreadDatagrams();
    private final AtomicBoolean readScheduled = new AtomicBoolean();
    private final AtomicBoolean settleScheduled = new AtomicBoolean();
    private final Runnable readTask = this::read0;
    private final Runnable settleTask = this::settle;
    private final Runnable closeTask = this::close0;
    private volatile boolean open = true;
    private boolean readPending;
    private int inFlight;

    DtlsChildChannel(DtlsServerChannel server, InetSocketAddress peer, byte[] clientRandom, ChildHandler first) {
        super(server);
        this.server = server;
        this.peer = peer;
        this.clientRandom = clientRandom;
        this.first = first;
        pipeline().addLast(first.handler());
    }

    InetSocketAddress peer() {
        return peer;
    }

    /** Whether the handler was made for the client that says this hello. */
    boolean isOf(ClientHello hello) {
        return hello.hasRandom(clientRandom);
    }

    // Called by the server channel, on its event loop

    /** Keeps a copy of a datagram until it is read; {@link #deliver()} is to follow. */
    void offer(ByteBuf datagram) {
        unread.offer(datagram);
    }

    /** The socket has read all there was, for now. */
    void deliver() {
        // An unregistered child looks for itself when it begins to read.
        if (isRegistered() && readScheduled.compareAndSet(false, true)) {
            if (eventLoop().inEventLoop()) {
                read0();
            } else {
                tryExecute(readTask);
            }
        }
    }

    /** Tells the handler that the client has a new association, already verified. */
    void supersede() {
        run(first::superseded);
    }

    /** Closes through the pipeline, with a shutdown by policy; without one if there is no event loop to do it. */
    void shutdown() {
        if (isRegistered()) {
            close();
        } else {
            closeTransport();
        }
    }

    /** Closes past the pipeline. */
    void closeTransport() {
        if (!isRegistered()) {
            unsafe().closeForcibly();
        }
        // By now, perhaps; one that is going to be looks for itself.
        if (isRegistered()) {
            run(closeTask);
        }
    }

    private void close0() {
        unsafe().close(unsafe().voidPromise());
    }

    private void run(Runnable task) {
        if (eventLoop().inEventLoop()) {
            task.run();
        } else {
            tryExecute(task);
        }
    }

    /** A loop that has ended has closed its children. */
    private void tryExecute(Runnable task) {
        try {
            eventLoop().execute(task);
        } catch (RejectedExecutionException e) {
            unread.close();
        }
    }

    // Life, event loop of the child

    @Override
    protected void doRegister() {
        // No selector knows this channel: the loop would leave it open at its end.
        if (eventLoop() instanceof SingleThreadEventExecutor executor) {
            executor.addShutdownHook(closeTask);
        }
        // Behind handlerAdded of the first handler.
        eventLoop().execute(() -> {
            first.handshakeFuture().addListener(this::handshakeDone);
            if (!open) {
                close0();
            }
        });
    }

    private void handshakeDone(Future<? super Channel> handshake) {
        server.handshakeDone(this, handshake.isSuccess());
        if (!handshake.isSuccess()) {
            close();
        }
    }

    @Override
    protected void doDeregister() {
        if (eventLoop() instanceof SingleThreadEventExecutor executor) {
            executor.removeShutdownHook(closeTask);
        }
    }

    @Override
    protected void doClose() {
        open = false;
        unread.close();
        server.childClosed(this);
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doBind(SocketAddress local) {
        throw new UnsupportedOperationException("bound by its server channel");
    }

    // Reading, event loop of the child

    @Override
    protected void doBeginRead() {
        readPending = true;
        if (!unread.isEmpty() && readScheduled.compareAndSet(false, true)) {
            tryExecute(readTask);
        }
    }

    private void read0() {
        readScheduled.set(false);
        if (!readPending) {
            return;
        }
        ByteBuf datagram = unread.poll();
        if (datagram == null) {
            return;
        }
        readPending = false;
        int left = READS_IN_A_ROW;
        while (datagram != null) {
            pipeline().fireChannelRead(datagram);
            datagram = config.isAutoRead() && --left > 0 ? unread.poll() : null;
        }
        pipeline().fireChannelReadComplete();
    }

    // Writing, event loop of the child unless said otherwise

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf datagram) {
            return new OutgoingDatagram(datagram, peer);
        }
        throw new UnsupportedOperationException(
                "message: " + StringUtil.simpleClassName(message) + " (expected: ByteBuf)");
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer outbound) throws Exception {
        do {
            for (var next = handOver(outbound); !next.isEmpty(); next = handOver(outbound)) {
                server.send(this, next);
            }
        } while (settle(outbound));
    }

    /** Takes what may go to the socket now. It is in flight from here on, and stays in the buffer until settled. */
    private List<OutgoingDatagram> handOver(ChannelOutboundBuffer outbound) throws Exception {
        List<OutgoingDatagram> next = new ArrayList<>();
        outbound.forEachFlushedMessage(message -> {
            if (inFlight < MAX_IN_FLIGHT && message instanceof OutgoingDatagram datagram && datagram.isQueued()) {
                inFlight++;
                if (datagram.content().isReadable()) {
                    datagram.handOver();
                    next.add(datagram);
                    datagram.retain();
                } else {
                    // No datagram, but done when everything before it is.
                    datagram.done(null);
                }
            }
            return inFlight < MAX_IN_FLIGHT;
        });
        return next;
    }

    /** The socket has done with datagrams of this channel. Any thread. */
    void sent() {
        if (eventLoop().inEventLoop()) {
            settle();
        } else if (settleScheduled.compareAndSet(false, true)) {
            tryExecute(settleTask);
        }
    }

    private void settle() {
        settleScheduled.set(false);
        ChannelOutboundBuffer outbound = unsafe().outboundBuffer();
        if (outbound != null && settle(outbound)) {
            ((ChildUnsafe) unsafe()).flushRest();
        }
    }

    /** Completes the promises of what the socket has done with, in order. Returns whether there was any. */
    private boolean settle(ChannelOutboundBuffer outbound) {
        boolean any = false;
        for (Object message = outbound.current(); message != null; message = outbound.current()) {
            if (!(message instanceof OutgoingDatagram datagram)) {
                // Cancelled before it was flushed: an empty buffer stands in its place.
                outbound.remove();
            } else if (datagram.isDone()) {
                any = true;
                inFlight--;
                remove(outbound, datagram.cause());
            } else {
                break;
            }
        }
        return any;
    }

    private static void remove(ChannelOutboundBuffer outbound, @Nullable Throwable cause) {
        if (cause == null) {
            outbound.remove();
        } else {
            outbound.remove(cause);
        }
    }

    // What it is

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new ChildUnsafe();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    public DtlsServerChannel parent() {
        return server;
    }

    @Override
    protected SocketAddress localAddress0() {
        return server.localAddress();
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return peer;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    private final class ChildUnsafe extends AbstractUnsafe {

        @Override
        public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
            promise.setFailure(new UnsupportedOperationException("connected by its server channel"));
        }

        /** Goes on with what was flushed; unlike {@code flush()}, with nothing else. */
        void flushRest() {
            flush0();
        }
    }
}
