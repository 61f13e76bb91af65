package io.closenotify.drain;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ServerChannel;
import io.netty.channel.group.ChannelGroup;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Knows the open connections of any number of servers, so that a {@link Drain} finds them.
 *
 * <p>In the pipeline of a {@link ServerChannel} ({@code ServerBootstrap.handler(tracker)}) it takes note of every
 * connection at the moment it is accepted: even one whose event loop has not heard of it yet is found. {@link Drain}
 * puts one there itself when it is built, if there is none. In the pipeline of a connection (QUIC's
 * {@code QuicServerCodecBuilder.handler}, or where the listener is out of reach) it takes note of that one and leaves.
 *
 * <p>Unlike a {@link ChannelGroup} it tells the drain of those that come while it is going on.
 *
 * <p><b>Threading.</b> Sharable; all methods may be called from any thread.
 *
 * <p><b>Steady state.</b> A table entry a connection; no reads or writes pass through.
 *
 * <pre>{@code
 * Channel server = new ServerBootstrap().group(loops).channel(NioServerSocketChannel.class)
 *         .handler(new ConnectionTracker())
 *         .childHandler(initializer)
 *         .bind(port).sync().channel();
 * Drain drain = Drain.builder().server(server).build();
 * }</pre>
 */
@Sharable
public final class ConnectionTracker extends ChannelInboundHandlerAdapter {

    private final Set<Channel> connections = ConcurrentHashMap.newKeySet();
    private final List<Consumer<? super Channel>> listeners = new CopyOnWriteArrayList<>();
    private final ChannelFutureListener forget = closed -> connections.remove(closed.channel());

    /** Creates a tracker. */
    public ConnectionTracker() {
    }

    /**
     * Takes note of a connection until it is closed.
     *
     * @param connection the connection
     */
    public void track(Channel connection) {
        if (connections.add(connection)) {
            connection.closeFuture().addListener(forget);
            listeners.forEach(listener -> listener.accept(connection));
        }
    }

    /**
     * Returns how many connections are open.
     *
     * @return the count
     */
    public int size() {
        return connections.size();
    }

    /** Tells of each connection there is, perhaps twice, and of each that comes, until {@link #silence}. */
    void tell(Consumer<? super Channel> listener) {
        listeners.add(listener);
        connections.forEach(listener);
    }

    void silence(Consumer<? super Channel> listener) {
        listeners.remove(listener);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        if (!(context.channel() instanceof ServerChannel)) {
            track(context.channel());
            context.pipeline().remove(this);
        }
    }

    /** Called for each connection that the server channel has accepted. */
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof Channel connection) {
            track(connection);
            context.fireChannelRead(message);
            if (!connection.isOpen()) {
                // Refused by a handler, or by its event loop: the close future of such a one may never tell.
                connections.remove(connection);
            }
        } else {
            context.fireChannelRead(message);
        }
    }
}
