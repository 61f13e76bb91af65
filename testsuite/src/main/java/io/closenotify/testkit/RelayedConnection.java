package io.closenotify.testkit;

import static java.util.Objects.requireNonNull;

import io.closenotify.testkit.TcpFaultRelay.End;
import io.closenotify.testkit.TcpFaultRelay.Fault;
import io.closenotify.testkit.TcpFaultRelay.Rule;
import io.closenotify.testkit.TcpFaultRelay.Tap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection through a {@link TcpFaultRelay}.
 *
 * <p>All methods may be called from any thread; see the relay for when they take effect.
 */
public final class RelayedConnection {

    private static final int PIECES_A_SECOND = 100;

    private final SocketChannel client;
    private final SocketChannel server;
    private final Pump toServer;
    private final Pump toClient;
    private final Tap tap;
    private final Set<RelayedConnection> live;

    RelayedConnection(SocketChannel client, Map<Direction, Rule> rules, Tap tap, Set<RelayedConnection> live) {
        this.client = client;
        this.tap = tap;
        this.live = live;
        server = new NioSocketChannel();
        toServer = new Pump(client, server, rules.getOrDefault(Direction.TO_SERVER, Rule.NONE));
        toClient = new Pump(server, client, rules.getOrDefault(Direction.TO_CLIENT, Rule.NONE));
    }

    /** Event loop. */
    void connect(InetSocketAddress address, int timeoutMillis, Consumer<RelayedConnection> whenConnected) {
        live.add(this);
        client.pipeline().addLast(toServer);
        server.pipeline().addLast(toClient);
        server.config().setAutoRead(false)
                .setAllowHalfClosure(true)
                .setTcpNoDelay(true)
                .setConnectTimeoutMillis(timeoutMillis);
        client.eventLoop().register(server).addListener(registered -> server.connect(address)
                .addListener(connected -> {
                    if (connected.isSuccess()) {
                        toServer.start();
                        toClient.start();
                        whenConnected.accept(this);
                    } else {
                        resetNow();
                    }
                }));
    }

    /**
     * Applies a fault to a direction; it replaces one that was to come.
     *
     * @param direction the direction
     * @param moreBytes how many bytes still pass from now on, at least zero; zero applies the fault at once
     * @param fault what happens then
     */
    public void cut(Direction direction, long moreBytes, Fault fault) {
        Rule.check(direction, moreBytes, fault);
        onEventLoop(() -> pump(direction).cutAfter(moreBytes, fault));
    }

    /**
     * Lets a stalled direction go on; nothing was lost.
     *
     * @param direction the direction
     */
    public void resume(Direction direction) {
        requireNonNull(direction, "direction");
        onEventLoop(() -> pump(direction).resume());
    }

    /**
     * Slows a direction down, or sets it to full speed again. What is on its way takes its time as before.
     *
     * @param direction the direction
     * @param bytesPerSecond how many bytes pass in a second, at least 1; {@link Long#MAX_VALUE} for full speed
     */
    public void slow(Direction direction, long bytesPerSecond) {
        Rule.checkRate(direction, bytesPerSecond);
        onEventLoop(() -> pump(direction).bytesPerSecond = bytesPerSecond);
    }

    /** Resets both sides. */
    public void reset() {
        onEventLoop(this::resetNow);
    }

    /**
     * Returns how many bytes were read from the sender of a direction.
     *
     * @param direction the direction
     * @return the bytes so far, those dropped included
     */
    public long received(Direction direction) {
        return pump(direction).received.get();
    }

    /**
     * Returns how many bytes were passed on to the receiver of a direction.
     *
     * @param direction the direction
     * @return the bytes that the kernel has taken so far
     */
    public long forwarded(Direction direction) {
        return pump(direction).forwarded.get();
    }

    /**
     * Tells how the sender of a direction ends it. While the direction is stalled its end is not seen.
     *
     * @param direction the direction
     * @return completes when it has ended; never exceptionally
     */
    public CompletableFuture<End> end(Direction direction) {
        return pump(direction).end.copy();
    }

    private Pump pump(Direction direction) {
        return direction == Direction.TO_SERVER ? toServer : toClient;
    }

    private void onEventLoop(Runnable task) {
        if (client.eventLoop().inEventLoop()) {
            task.run();
            return;
        }
        Future<?> done;
        try {
            done = client.eventLoop().submit(task);
        } catch (RejectedExecutionException e) {
            // The relay is closed, and so is this connection.
            return;
        }
        done.syncUninterruptibly();
    }

    // Event loop only

    private void resetNow() {
        for (Channel side : new Channel[] {client, server}) {
            if (side.isOpen()) {
                side.config().setOption(ChannelOption.SO_LINGER, 0);
            }
        }
        closeNow();
    }

    private void closeNow() {
        toServer.end.complete(End.RELAY);
        toClient.end.complete(End.RELAY);
        client.close();
        server.close();
        toServer.releaseHeld();
        toClient.releaseHeld();
        live.remove(this);
    }

    private void sideReset(Pump ended) {
        ended.end.complete(End.RESET);
        resetNow();
    }

    private void directionDone() {
        if (toServer.done && toClient.done) {
            closeNow();
        }
    }

    /**
     * Carries one direction: reads from its source only when the sink has taken what was read before, so that at most
     * one buffer is on its way.
     */
    private final class Pump extends ChannelInboundHandlerAdapter {

        private final SocketChannel source;
        private final SocketChannel sink;
        private final CompletableFuture<End> end = new CompletableFuture<>();
        private final AtomicLong received = new AtomicLong();
        private final AtomicLong forwarded = new AtomicLong();
        private @Nullable Fault fault;
        private long remaining;
        private long bytesPerSecond;
        private @Nullable ByteBuf held;
        private boolean started;
        private boolean writing;
        private boolean pausing;
        private boolean stalled;
        private boolean dropping;
        private boolean done;

        Pump(SocketChannel source, SocketChannel sink, Rule rule) {
            this.source = source;
            this.sink = sink;
            fault = rule.fault();
            remaining = rule.bytes();
            bytesPerSecond = rule.bytesPerSecond();
        }

        void start() {
            started = true;
            next();
        }

        void cutAfter(long moreBytes, Fault newFault) {
            fault = newFault;
            remaining = moreBytes;
            if (started && !writing) {
                applyDueFault();
            }
        }

        void resume() {
            if (stalled) {
                stalled = false;
                next();
            }
        }

        /** Nothing is on its way: applies the fault if it is due, else goes on. */
        private void next() {
            applyDueFault();
            if (stalled || pausing || !source.isOpen()) {
                return;
            }
            ByteBuf data = held;
            held = null;
            if (data == null) {
                source.read();
            } else {
                forward(data);
            }
        }

        private void applyDueFault() {
            Fault due = fault;
            if (due == null || remaining > 0) {
                return;
            }
            fault = null;
            switch (due) {
                case FIN -> {
                    dropping = true;
                    releaseHeld();
                    sink.shutdownOutput();
                }
                case RESET -> resetNow();
                case STALL -> stalled = true;
            }
        }

        private void releaseHeld() {
            ReferenceCountUtil.release(held);
            held = null;
        }

        private void forward(ByteBuf data) {
            if (dropping) {
                data.release();
                next();
                return;
            }
            long room = Math.min(fault == null ? Long.MAX_VALUE : remaining, piece());
            ByteBuf passed = data;
            if (data.readableBytes() > room) {
                passed = data.readRetainedSlice((int) room);
                held = data;
            }
            int bytes = passed.readableBytes();
            remaining -= fault == null ? 0 : bytes;
            writing = true;
            sink.writeAndFlush(passed).addListener(written -> {
                writing = false;
                if (written.isSuccess()) {
                    forwarded.addAndGet(bytes);
                    goOnAfter(bytes);
                } else if (source.isOpen()) {
                    // The receiver reset the connection: that ends the other direction, of which it is the sender.
                    sideReset(this == toServer ? toClient : toServer);
                }
            });
        }

        /** How many bytes may pass at once. */
        private long piece() {
            return bytesPerSecond == Long.MAX_VALUE ? Long.MAX_VALUE : Math.max(1, bytesPerSecond / PIECES_A_SECOND);
        }

        private void goOnAfter(int bytes) {
            long nanos = (long) (bytes * 1e9 / bytesPerSecond);
            if (nanos == 0) {
                next();
                return;
            }
            pausing = true;
            sink.eventLoop().schedule(() -> {
                pausing = false;
                next();
            }, nanos, TimeUnit.NANOSECONDS);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf data = (ByteBuf) message;
            received.addAndGet(data.readableBytes());
            tap.read(RelayedConnection.this, this == toServer ? Direction.TO_SERVER : Direction.TO_CLIENT,
                    data.nioBuffer().asReadOnlyBuffer());
            if (stalled) {
                // Stalled while this read was under way.
                held = data;
            } else {
                forward(data);
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                end.complete(End.FIN);
                if (!dropping) {
                    sink.shutdownOutput();
                }
                done = true;
                directionDone();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            if (cause instanceof IOException) {
                sideReset(this);
            } else {
                closeNow();
                context.fireExceptionCaught(cause);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (!end.isDone()) {
                // Without a word: a write to it failed.
                sideReset(this);
            }
        }
    }
}
