package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.CharsetUtil;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;

/** A client and a server in one thread, with a network between them that does as it is told, and a clock that waits. */
final class EmbeddedDtlsPair implements AutoCloseable {

    static final InetSocketAddress ADDRESS = new InetSocketAddress("localhost", 4433);

    /** Of its own, so that it knows what is not released; the leak detector would take its time. */
    final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
    final Side client;
    final Side server;
    private long nanos;

    EmbeddedDtlsPair() {
        this(DtlsContexts.withoutTickets(), builder -> builder);
    }

    EmbeddedDtlsPair(SSLContext context, UnaryOperator<DtlsHandlerBuilder> configure) {
        this(context, context, configure, configure);
    }

    EmbeddedDtlsPair(SSLContext clientContext, SSLContext serverContext, UnaryOperator<DtlsHandlerBuilder> ofClient,
            UnaryOperator<DtlsHandlerBuilder> ofServer) {
        DtlsHandlerBuilder serverBuilder = ofServer.apply(prepared(serverContext));
        server = new Side(serverBuilder.build(serverBuilder.settings().serverEngine(ADDRESS)), allocator);
        client = new Side(ofClient.apply(prepared(clientContext)).build(), allocator);
    }

    private DtlsHandlerBuilder prepared(SSLContext context) {
        return DtlsHandler.builder(context).peer(ADDRESS).taskExecutor(Runnable::run).clock(() -> nanos);
    }

    /** One end. */
    static final class Side {

        final DtlsHandler handler;
        final EmbeddedChannel channel;
        final List<Object> events = new ArrayList<>();
        final List<Throwable> exceptions = new ArrayList<>();
        final StringBuilder received = new StringBuilder();

        Side(DtlsHandler handler, ByteBufAllocator allocator) {
            this.handler = handler;
            channel = new EmbeddedChannel();
            channel.config().setAllocator(allocator);
            channel.freezeTime();
            channel.pipeline().addLast(handler, new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext context, Object message) {
                    ByteBuf data = (ByteBuf) message;
                    received.append(data.toString(CharsetUtil.UTF_8));
                    data.release();
                }

                @Override
                public void userEventTriggered(ChannelHandlerContext context, Object event) {
                    events.add(event);
                }

                @Override
                public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                    exceptions.add(cause);
                }
            });
        }

        ShutdownOutcome outcome() {
            return events.stream().filter(ShutdownOutcome.class::isInstance).map(ShutdownOutcome.class::cast)
                    .reduce((one, other) -> {
                        throw new AssertionError("two outcomes: " + one + ", " + other);
                    }).orElse(null);
        }

        void write(String text) {
            channel.writeOutbound(message(text));
        }

        ByteBuf message(String text) {
            return ByteBufUtil.writeUtf8(channel.alloc(), text);
        }

        /** Takes the next datagram that was sent, or {@code null}; the caller's to release. */
        ByteBuf sent() {
            channel.runPendingTasks();
            ByteBuf datagram = channel.readOutbound();
            while (datagram != null && !datagram.isReadable()) {
                // The transports send no datagram for it.
                datagram.release();
                datagram = channel.readOutbound();
            }
            return datagram;
        }

        /** Delivers a datagram, and releases it. To a closed channel nothing is delivered. */
        void deliver(ByteBuf datagram) {
            if (channel.isOpen()) {
                channel.writeInbound(datagram);
            } else {
                datagram.release();
            }
        }
    }

    /** Carries everything to the other side until nobody has anything to say. */
    void exchange() {
        boolean moved = true;
        while (moved) {
            moved = carry(client, server) | carry(server, client);
        }
    }

    /** Data goes both ways. */
    void assertTalks() {
        client.write("ping");
        server.write("pong");
        exchange();
        assertThat(server.received).hasToString("ping");
        assertThat(client.received).hasToString("pong");
    }

    /** Carries what one side has sent so far. */
    static boolean carry(Side from, Side to) {
        boolean moved = false;
        for (ByteBuf datagram = from.sent(); datagram != null; datagram = from.sent()) {
            to.deliver(datagram);
            moved = true;
        }
        return moved;
    }

    static int drop(Side from) {
        int dropped = 0;
        for (ByteBuf datagram = from.sent(); datagram != null; datagram = from.sent()) {
            datagram.release();
            dropped++;
        }
        return dropped;
    }

    EmbeddedDtlsPair handshake() {
        exchange();
        if (!client.handler.handshakeFuture().isSuccess() || !server.handler.handshakeFuture().isSuccess()) {
            throw new AssertionError("no handshake: " + client.handler.handshakeFuture() + ", "
                    + server.handler.handshakeFuture());
        }
        return this;
    }

    /** Lets time pass on both sides. */
    void pass(long millis) {
        nanos += TimeUnit.MILLISECONDS.toNanos(millis);
        for (Side side : List.of(client, server)) {
            side.channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
            side.channel.runScheduledPendingTasks();
            side.channel.runPendingTasks();
        }
    }

    @Override
    public void close() {
        for (Side side : List.of(client, server)) {
            if (side.channel.isOpen() && side.channel.pipeline().context(side.handler) != null) {
                side.handler.abort();
                side.channel.runPendingTasks();
            }
            side.channel.finishAndReleaseAll();
            if (side.channel.hasPendingTasks()) {
                throw new AssertionError("tasks or timers are left");
            }
        }
        long left = bytesHeld();
        if (left != 0) {
            throw new AssertionError("not released: " + left + " bytes");
        }
    }

    long bytesHeld() {
        return allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory();
    }
}
