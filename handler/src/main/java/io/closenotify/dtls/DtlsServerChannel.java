package io.closenotify.dtls;

import io.closenotify.dtls.Associations.Association;
import io.closenotify.dtls.ClientHelloReception.Verdict;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AbstractServerChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * Accepts DTLS associations on one UDP port: a child channel a client address, whose pipeline begins with a
 * {@link DtlsHandler}.
 *
 * <p><b>Who gets a child.</b> A datagram from an unknown address is looked at only if it is one ClientHello, not
 * fragmented. Without a valid cookie the answer is a HelloVerifyRequest, never longer than what came, and nothing is
 * kept; with one, the child is made. Where the JDK does not bind its cookies to the client's address (25.0.3 does not,
 * 17.0.21 does), a cookie of our own goes first, one round trip more. ClientHellos beyond
 * {@link DtlsServerChannelBuilder#maxClientHellosPerSecond}, {@link DtlsServerChannelBuilder#maxPendingHandshakes} or
 * {@link DtlsServerChannelBuilder#maxConnections} are dropped, and so is everything else.
 *
 * <p><b>Restart.</b> A client that has lost its association and starts anew from the same port gets a second child, by
 * the same exchange of cookies. The first one is left alone until the handshake of the second is done, and lives on if
 * that fails; otherwise it ends as {@code RESET}.
 *
 * <p><b>Children.</b> They may run on other event loops than this channel. What they have not read is kept up to
 * 256 KiB or 1,024 datagrams and dropped beyond, as a socket does. Their writes complete when the socket has the
 * datagram, or fail, by themselves alone, when it refuses it. A child whose handshake fails, and one whose client was
 * silent for {@link DtlsServerChannelBuilder#idleTimeout}, is closed through its pipeline.
 *
 * <p><b>Closing</b> this channel closes the socket and with it the transport of every child, without a close_notify: a
 * server that is to be drained calls {@link #stopAccepting()}, shuts its children down, and closes this channel then.
 * The end of an event loop does the same to what it serves.
 *
 * <p><b>Options.</b> Those of a {@code DatagramChannel} ({@code SO_RCVBUF}, {@code SO_REUSEADDR} …) go to the socket.
 * {@code AUTO_READ} switches the accepting alone: associations go on. By default the socket takes datagrams up to the
 * largest record there may be.
 *
 * <p><b>Threading.</b> {@link #stopAccepting()} may be called from any thread.
 *
 * <p><b>Timeouts.</b> The idle timeout, for all children by one timer.
 *
 * <p><b>Errors.</b> Those of the socket go through the pipeline of this channel. The socket's end closes it.
 *
 * <p><b>Session tickets.</b> Those of the JDK hold the certificates of both sides, and a client that shows one may need
 * more than a datagram for its ClientHello, which is dropped then: our clients do without the session, others may hang.
 * With {@code -Djdk.tls.server.enableSessionTicketExtension=false} sessions are resumed by their ids.
 *
 * <p><b>Specification:</b> RFC 6347, sections 4.2.1 and 4.2.8. A server bound to the wildcard address of a host with
 * several answers from the one that the system chooses: bind to one address there.
 *
 * <pre>{@code
 * new ServerBootstrap().group(loops)
 *         .channelFactory(DtlsServerChannel.builder(DtlsHandler.builder(sslContext)).build())
 *         .childHandler(initializer) // adds its handlers behind the DtlsHandler
 *         .bind(port);
 * }</pre>
 */
public final class DtlsServerChannel extends AbstractServerChannel {

    static final int READS_IN_A_ROW = 64;

    /** RFC 6347, section 4.3.1: header, plaintext, and what encryption may add. */
    private static final int LARGEST_RECORD = 13 + (1 << 14) + 2_048;

    private static final InternalLogger LOG = InternalLoggerFactory.getInstance(DtlsServerChannel.class);

    private final DatagramChannel udp;
    private final ChannelConfig config;
    private final LongSupplier clock;
    private final ClientHelloReception reception;
    private final RateLimit hellos;
    private final ChildHandler.Factory handlers;
    private final int maxPendingHandshakes;
    private final int maxConnections;
    private final long idleNanos;

    private final Associations associations = new Associations();
    private final Set<DtlsChildChannel> read = new LinkedHashSet<>();
    private volatile boolean accepting = true;
    private volatile boolean open = true;
    private volatile boolean bound;
    private boolean readPending;
    private boolean accepted;
    private boolean inBatch;
    private boolean flushPending;
    private @Nullable ScheduledFuture<?> idleTimer;

    DtlsServerChannel(DtlsServerChannelBuilder builder) {
        clock = builder.clock();
        reception = builder.reception();
        hellos = builder.rateLimit();
        handlers = builder.handlers();
        maxPendingHandshakes = builder.maxPendingHandshakes();
        maxConnections = builder.maxConnections();
        idleNanos = builder.idleTimeout().toNanos();
        udp = builder.udp().newChannel();
        udp.config().setRecvByteBufAllocator(
                new FixedRecvByteBufAllocator(LARGEST_RECORD).maxMessagesPerRead(READS_IN_A_ROW));
        config = new DtlsServerChannelConfig(this, udp.config());
    }

    /**
     * Returns a builder.
     *
     * @param handlers builds the {@link DtlsHandler} of each child; its {@code peer} does not count
     * @return a new builder
     */
    public static DtlsServerChannelBuilder builder(DtlsHandlerBuilder handlers) {
        return new DtlsServerChannelBuilder(handlers);
    }

    /**
     * Makes no new child from now on, for good; existing ones go on, those in their handshake too. A client that
     * restarts is not served any more.
     *
     * @return succeeds when that is in force
     */
    public Future<Void> stopAccepting() {
        accepting = false;
        if (!isRegistered()) {
            return newSucceededFuture();
        }
        Promise<Void> stopped = eventLoop().newPromise();
        // What the event loop has in hand may still see it accepting.
        if (!onLoop(() -> stopped.trySuccess(null))) {
            return newSucceededFuture();
        }
        return stopped;
    }

    // Life, event loop

    @Override
    protected void doRegister() throws Exception {
        requireDone(eventLoop().register(udp));
        udp.pipeline().addLast(new Demultiplexer());
        udp.closeFuture().addListener(closed -> unsafe().close(unsafe().voidPromise()));
    }

    @Override
    protected void doBind(SocketAddress local) throws Exception {
        requireDone(udp.bind(local));
        bound = true;
    }

    private static void requireDone(ChannelFuture future) throws Exception {
        Throwable cause = future.isDone() ? future.cause() : new IllegalStateException("the UDP channel is not ready");
        if (cause instanceof Exception exception) {
            throw exception;
        } else if (cause != null) {
            throw new IllegalStateException(cause);
        }
    }

    @Override
    protected void doBeginRead() {
        readPending = true;
    }

    @Override
    protected void doClose() {
        open = false;
        accepting = false;
        if (idleTimer != null) {
            idleTimer.cancel(false);
            idleTimer = null;
        }
        associations.children().forEach(DtlsChildChannel::closeTransport);
        if (udp.isRegistered()) {
            udp.close();
        } else {
            udp.unsafe().closeForcibly();
        }
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        // The socket's own answer is heard when it is registered.
        return true;
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
        return open && bound;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return udp.localAddress();
    }

    private boolean onLoop(Runnable task) {
        if (eventLoop().inEventLoop()) {
            task.run();
            return true;
        }
        try {
            eventLoop().execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            LOG.debug("the event loop of {} has ended", this, e);
            return false;
        }
    }

    // For the children, any thread

    /** Sends datagrams of a child, of which one reference each is given. */
    void send(DtlsChildChannel child, List<OutgoingDatagram> datagrams) {
        if (!onLoop(() -> send0(child, datagrams))) {
            for (OutgoingDatagram datagram : datagrams) {
                datagram.release();
                datagram.done(new ClosedChannelException());
            }
            child.sent();
        }
    }

    private void send0(DtlsChildChannel child, List<OutgoingDatagram> datagrams) {
        for (OutgoingDatagram datagram : datagrams) {
            udp.write(datagram).addListener(sent -> {
                datagram.done(sent.cause());
                child.sent();
            });
        }
        flush0();
    }

    /** Once a batch, so that a transport that can sends several datagrams a system call. */
    private void flush0() {
        flushPending = inBatch;
        if (!inBatch) {
            udp.flush();
        }
    }

    void handshakeDone(DtlsChildChannel child, boolean success) {
        onLoop(() -> {
            if (!success) {
                associations.failed(child);
                return;
            }
            DtlsChildChannel superseded = associations.established(child);
            if (superseded != null) {
                LOG.debug("{} has started anew", child.peer());
                superseded.supersede();
            }
        });
    }

    void childClosed(DtlsChildChannel child) {
        onLoop(() -> associations.remove(child));
    }

    // Receiving, event loop

    private void receive(DatagramPacket packet) {
        InetSocketAddress peer = packet.sender();
        ByteBuf datagram = packet.content();
        Association association = associations.heard(peer, clock.getAsLong());
        ClientHello hello = ClientHello.parse(datagram);
        DtlsChildChannel child = association == null || hello == null ? null : association.childOf(hello);
        if (child != null) {
            give(child, datagram);
        } else if (hello != null) {
            receive(hello, association, peer, datagram);
        } else if (association != null && datagram.isReadable()) {
            // Whose it is shows when it is decrypted: each engine drops what is not its own.
            give(association.current(), datagram);
            if (association.successor() != null) {
                give(association.successor(), datagram);
            }
        }
    }

    private void give(DtlsChildChannel child, ByteBuf datagram) {
        child.offer(datagram);
        read.add(child);
    }

    private void receive(ClientHello hello, @Nullable Association association, InetSocketAddress peer,
            ByteBuf datagram) {
        boolean full = association == null && associations.size() >= maxConnections;
        if (!accepting || !readPending || full || associations.pending() >= maxPendingHandshakes || !hellos.take()) {
            return;
        }
        Verdict verdict = reception.receive(hello, peer);
        if (verdict instanceof Verdict.Request request && udp.isWritable()) {
            udp.write(new DatagramPacket(Unpooled.wrappedBuffer(request.datagram()), peer));
            flush0();
        } else if (verdict instanceof Verdict.Verified verified) {
            accept(hello, peer, verified.engine(), datagram);
        }
    }

    private void accept(ClientHello hello, InetSocketAddress peer, SSLEngine engine, ByteBuf datagram) {
        DtlsChildChannel child =
                new DtlsChildChannel(this, peer, hello.random(), handlers.create(peer, engine));
        associations.add(child, clock.getAsLong());
        child.offer(datagram);
        armIdleTimer();
        accepted = true;
        pipeline().fireChannelRead(child);
    }

    private void readComplete() {
        List<DtlsChildChannel> children = List.copyOf(read);
        read.clear();
        children.forEach(DtlsChildChannel::deliver);
        if (accepted) {
            accepted = false;
            readPending = false;
            pipeline().fireChannelReadComplete();
        }
        inBatch = false;
        if (flushPending) {
            flush0();
        }
    }

    // Idle clients, event loop

    private void armIdleTimer() {
        Association eldest = associations.eldest();
        if (idleNanos > 0 && idleTimer == null && eldest != null) {
            idleTimer = eventLoop().schedule(this::endIdle,
                    eldest.lastHeard() + idleNanos - clock.getAsLong(), TimeUnit.NANOSECONDS);
        }
    }

    private void endIdle() {
        idleTimer = null;
        long now = clock.getAsLong();
        for (Association eldest = associations.eldest();
                eldest != null && eldest.lastHeard() + idleNanos - now <= 0; eldest = associations.eldest()) {
            // It stays until it has closed; a look at it in another idle time does no harm.
            associations.heard(eldest.current().peer(), now);
            end(eldest);
        }
        armIdleTimer();
    }

    private static void end(Association idle) {
        DtlsChildChannel successor = idle.successor();
        LOG.debug("{} is idle", idle.current().peer());
        idle.current().shutdown();
        if (successor != null) {
            successor.shutdown();
        }
    }

    /** For tests: children. */
    int children() {
        return associations.children().size();
    }

    /** In the pipeline of the socket. */
    private final class Demultiplexer extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            inBatch = true;
            try {
                if (message instanceof DatagramPacket packet) {
                    receive(packet);
                }
            } finally {
                ReferenceCountUtil.release(message);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            readComplete();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            pipeline().fireExceptionCaught(cause);
        }
    }
}
