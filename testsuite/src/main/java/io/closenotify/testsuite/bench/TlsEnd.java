package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCounted;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One end of a TLS connection in memory. Records are carried to the other end by hand, so that neither sockets nor
 * thread hops are measured; what the embedded transport costs is the same for every variant.
 */
final class TlsEnd {

    /** More rounds than any handshake or shutdown needs. */
    private static final int MAX_ROUNDS = 32;

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final SslHandler ssl;
    private final Tail tail = new Tail();

    /**
     * Makes an end; a client begins the handshake at once.
     *
     * @param policy {@code null} for stock Netty
     */
    TlsEnd(BenchmarkTls tls, SslHandler ssl, @Nullable ShutdownPolicy policy) {
        this.ssl = ssl;
        channel.config().setAllocator(tls.allocator());
        channel.pipeline().addLast(new Turn(), ssl);
        if (policy != null) {
            channel.pipeline().addLast(TlsShutdownHandler.builder().policy(policy).build());
        }
        channel.pipeline().addLast(tail);
    }

    /** The policy to compare with stock Netty, which does not linger. */
    static ShutdownPolicy withoutLinger(ShutdownMode mode) {
        return ShutdownPolicy.of(mode).toBuilder().linger(Duration.ZERO).build();
    }

    EmbeddedChannel channel() {
        return channel;
    }

    SslHandler ssl() {
        return ssl;
    }

    Tail tail() {
        return tail;
    }

    void handshake(TlsEnd other) {
        exchange(other);
        check(ssl.handshakeFuture().isSuccess(), "handshake failed", ssl.handshakeFuture());
        check(other.ssl.handshakeFuture().isSuccess(), "handshake failed", other.ssl.handshakeFuture());
    }

    /** Carries records both ways until neither end has any. */
    void exchange(TlsEnd other) {
        boolean moving = true;
        for (int round = 0; moving; round++) {
            check(round < MAX_ROUNDS, "the two ends never fall silent, rounds", round);
            channel.runPendingTasks();
            moving = carryTo(other);
            other.channel.runPendingTasks();
            moving |= other.carryTo(this);
        }
    }

    /**
     * Carries what this end has written, as one batch of reads.
     *
     * @return whether there were any bytes; an empty buffer, which makes a transport send nothing, is not carried
     */
    boolean carryTo(TlsEnd other) {
        boolean carried = false;
        for (ByteBuf records = channel.readOutbound(); records != null; records = channel.readOutbound()) {
            if (records.isReadable()) {
                carried = true;
                other.channel.pipeline().fireChannelRead(records);
            } else {
                records.release();
            }
        }
        if (carried) {
            other.channel.pipeline().fireChannelReadComplete();
        }
        return carried;
    }

    /**
     * Does this as one turn of an event loop: the tasks it leaves behind, such as channelInactive, run after it, and
     * one after the other. Outside of a turn an {@code EmbeddedChannel} runs them, and reads the clock, whenever the
     * transport is called: deep inside another task, where each exception that an engine makes costs twice the bytes.
     */
    void turn(Runnable work) {
        channel.writeOneInbound(work, channel.voidPromise());
    }

    /** Frees everything; fails if the pipeline raised an exception, or the engine outlives its channel. */
    void tearDown() {
        channel.finishAndReleaseAll();
        check(!channel.isOpen(), "the channel is still open", channel);
        if (ssl.engine() instanceof ReferenceCounted counted) {
            check(counted.refCnt() == 0, "engine leaked, references", counted.refCnt());
        }
    }

    /** In front of everything, where a message can be work to do. */
    private static final class Turn extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof Runnable work) {
                work.run();
                ((EmbeddedChannel) context.channel()).runPendingTasks();
            } else {
                context.fireChannelRead(message);
            }
        }
    }
}
