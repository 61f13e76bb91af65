package io.closenotify.testkit;

import static java.util.Objects.requireNonNull;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A TCP relay on loopback that stands between a client and a server and spoils the connection on purpose: it cuts a
 * direction at an exact byte, with FIN or RST, stalls it, or slows it down.
 *
 * <p>Without a fault it is transparent: bytes, FIN (half-close) and RST are passed on, each direction by itself, and
 * a slow receiver slows the sender down. It never looks into the bytes; a {@link Tap} may.
 *
 * <pre>{@code
 * try (TcpFaultRelay relay = TcpFaultRelay.to(server)
 *         .cut(Direction.TO_CLIENT, 1_000, Fault.FIN)
 *         .start()) {
 *     connect(relay.address());
 *     RelayedConnection connection = relay.nextConnection(Duration.ofSeconds(10));
 *     ...
 *     connection.reset();
 * }
 * }</pre>
 *
 * <p><b>Threading.</b> Everything runs on one event loop of its own. All methods may be called from any thread; those
 * that change something have taken effect when they return, unless they are called on that event loop.
 *
 * <p><b>Timeouts.</b> {@code connectTimeout} (5 s) bounds the connect to the server; when it is over, or the server
 * refuses, the client is reset. Nothing else is timed.
 */
public final class TcpFaultRelay implements AutoCloseable {

    /** What is done to a direction. */
    public enum Fault {

        /**
         * The receiver gets a FIN. What the sender goes on sending is read, counted and dropped; the other direction
         * lives on.
         */
        FIN,

        /**
         * Both sides get an RST ({@code SO_LINGER} 0), which ends both directions. As with any RST, a receiver may
         * lose what was passed on before and it has not read yet.
         */
        RESET,

        /** Nothing more is read from the sender or passed on; the connection stays open. */
        STALL
    }

    /** How the sender of a direction ended it. */
    public enum End {

        /** In good order. */
        FIN,

        /** By RST, or by closing while bytes for it were still on their way. */
        RESET,

        /** It did not: the relay ended the connection first. */
        RELAY
    }

    /**
     * Looks at what passes through a relay, for instance to apply a fault at a record of a protocol. Called on the
     * relay's event loop; it must not block.
     */
    @FunctionalInterface
    public interface Tap {

        /**
         * Some bytes were read from the sender of a direction; none of them has been passed on yet. A fault that is
         * applied now counts its bytes from the first of them.
         *
         * @param connection the connection
         * @param direction where they go
         * @param bytes the bytes, read-only, valid during the call
         */
        void read(RelayedConnection connection, Direction direction, ByteBuffer bytes);
    }

    private final EventLoopGroup group;
    private final Channel listener;
    private final BlockingQueue<RelayedConnection> accepted;
    private final Set<RelayedConnection> live;

    private TcpFaultRelay(EventLoopGroup group, Channel listener, BlockingQueue<RelayedConnection> accepted,
            Set<RelayedConnection> live) {
        this.group = group;
        this.listener = listener;
        this.accepted = accepted;
        this.live = live;
    }

    /**
     * Returns a builder of a relay to a server.
     *
     * @param server where connections are relayed to: a resolved address and a port
     * @return a new builder
     * @throws IllegalArgumentException if it is not resolved or its port is 0
     */
    public static Builder to(InetSocketAddress server) {
        return new Builder(server);
    }

    /**
     * Returns the address that clients connect to.
     *
     * @return an address on loopback
     */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /**
     * Waits for the next connection: both of its sides are connected then. Each connection is returned once, in the
     * order in which they were made.
     *
     * @param timeout how long to wait at most
     * @return the connection
     * @throws TimeoutException if there was none in that time
     * @throws InterruptedException if the thread was interrupted
     */
    public RelayedConnection nextConnection(Duration timeout) throws InterruptedException, TimeoutException {
        RelayedConnection next = accepted.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
        if (next == null) {
            throw new TimeoutException("no connection was relayed within " + timeout);
        }
        return next;
    }

    /**
     * Applies a fault to all connections that are open now, as {@link RelayedConnection#cut} does.
     *
     * @param direction the direction
     * @param moreBytes how many bytes still pass from now on, at least zero
     * @param fault what happens then
     */
    public void cut(Direction direction, long moreBytes, Fault fault) {
        Rule.check(direction, moreBytes, fault);
        live.forEach(connection -> connection.cut(direction, moreBytes, fault));
    }

    /**
     * Lets a stalled direction of all connections go on.
     *
     * @param direction the direction
     */
    public void resume(Direction direction) {
        live.forEach(connection -> connection.resume(direction));
    }

    /**
     * Slows a direction of all connections that are open now down, as {@link RelayedConnection#slow} does.
     *
     * @param direction the direction
     * @param bytesPerSecond how many bytes pass in a second, at least 1; {@link Long#MAX_VALUE} for full speed
     */
    public void slow(Direction direction, long bytesPerSecond) {
        Rule.checkRate(direction, bytesPerSecond);
        live.forEach(connection -> connection.slow(direction, bytesPerSecond));
    }

    /** Resets all connections that are open now, on both sides. */
    public void reset() {
        live.forEach(RelayedConnection::reset);
    }

    /**
     * Stops listening: further connects are refused, as by a server that is shutting down. Connections go on. Calling
     * it again does nothing.
     */
    public void stopListening() {
        if (listener.isOpen()) {
            listener.close().syncUninterruptibly();
            // The kernel learns of it in the selector's next round.
            group.schedule(() -> { }, 1, TimeUnit.MILLISECONDS).syncUninterruptibly();
        }
    }

    /**
     * Stops listening, resets all connections and ends the event loop; returns when all of it is done. Closing again
     * does nothing.
     */
    @Override
    public void close() {
        if (group.isShuttingDown()) {
            group.terminationFuture().syncUninterruptibly();
            return;
        }
        stopListening();
        reset();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** What happens to one direction of each connection. */
    record Rule(@Nullable Fault fault, long bytes, long bytesPerSecond) {

        static final Rule NONE = new Rule(null, 0, Long.MAX_VALUE);

        static void check(Direction direction, long bytes, Fault fault) {
            requireNonNull(direction, "direction");
            requireNonNull(fault, "fault");
            if (bytes < 0) {
                throw new IllegalArgumentException("bytes: " + bytes + " (expected: >= 0)");
            }
        }

        static void checkRate(Direction direction, long bytesPerSecond) {
            requireNonNull(direction, "direction");
            if (bytesPerSecond < 1) {
                throw new IllegalArgumentException("bytesPerSecond: " + bytesPerSecond + " (expected: >= 1)");
            }
        }
    }

    /** Builds and starts a {@link TcpFaultRelay}. */
    public static final class Builder {

        private final InetSocketAddress server;
        private final Map<Direction, Rule> rules = new EnumMap<>(Direction.class);
        private Duration connectTimeout = Duration.ofSeconds(5);
        private Tap tap = (connection, direction, bytes) -> { };

        private Builder(InetSocketAddress server) {
            requireNonNull(server, "server");
            if (server.isUnresolved() || server.getPort() == 0) {
                throw new IllegalArgumentException("server: " + server + " (expected: a resolved address and a port)");
            }
            this.server = server;
        }

        /**
         * Sets what happens to a direction of every connection; one rule a direction, the last one counts.
         *
         * @param direction the direction
         * @param afterBytes how many bytes pass before, at least zero; zero applies the fault at once
         * @param fault what happens then
         * @return this builder
         */
        public Builder cut(Direction direction, long afterBytes, Fault fault) {
            Rule.check(direction, afterBytes, fault);
            rules.put(direction, new Rule(fault, afterBytes, rule(direction).bytesPerSecond()));
            return this;
        }

        /**
         * Sets how fast a direction of every connection is. The bytes pass in pieces of a hundredth of that, at least
         * one byte; the sender is slowed down once the buffers on the way are full.
         *
         * @param direction the direction
         * @param bytesPerSecond how many bytes pass in a second, at least 1; {@link Long#MAX_VALUE}, the default, for
         *         full speed
         * @return this builder
         */
        public Builder slow(Direction direction, long bytesPerSecond) {
            Rule.checkRate(direction, bytesPerSecond);
            Rule rule = rule(direction);
            rules.put(direction, new Rule(rule.fault(), rule.bytes(), bytesPerSecond));
            return this;
        }

        private Rule rule(Direction direction) {
            return rules.getOrDefault(direction, Rule.NONE);
        }

        /**
         * Sets how long a connect to the server may take.
         *
         * @param connectTimeout 1 ms to {@link Integer#MAX_VALUE} ms; 5 s by default
         * @return this builder
         */
        public Builder connectTimeout(Duration connectTimeout) {
            requireNonNull(connectTimeout, "connectTimeout");
            Duration longest = Duration.ofMillis(Integer.MAX_VALUE);
            if (connectTimeout.compareTo(Duration.ofMillis(1)) < 0 || connectTimeout.compareTo(longest) > 0) {
                throw new IllegalArgumentException(
                        "connectTimeout: " + connectTimeout + " (expected: PT0.001S to " + longest + ')');
            }
            this.connectTimeout = connectTimeout;
            return this;
        }

        /**
         * Sets what looks at the bytes of every connection.
         *
         * @param tap the tap; none by default
         * @return this builder
         */
        public Builder tap(Tap tap) {
            this.tap = requireNonNull(tap, "tap");
            return this;
        }

        /**
         * Starts the relay on a free port.
         *
         * @return a relay that listens
         */
        public TcpFaultRelay start() {
            EventLoopGroup group = new NioEventLoopGroup(1, new DefaultThreadFactory("tcp-fault-relay", true));
            BlockingQueue<RelayedConnection> accepted = new LinkedBlockingQueue<>();
            Set<RelayedConnection> live = ConcurrentHashMap.newKeySet();
            Map<Direction, Rule> atStart = Map.copyOf(rules);
            Tap looking = tap;
            Consumer<SocketChannel> relayed = client -> new RelayedConnection(client, atStart, looking, live)
                    .connect(server, (int) connectTimeout.toMillis(), accepted::add);
            try {
                Channel listener = new ServerBootstrap()
                        .group(group)
                        .channel(NioServerSocketChannel.class)
                        .childOption(ChannelOption.AUTO_READ, false)
                        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childHandler(new ChannelInitializer<SocketChannel>() {
                            @Override
                            protected void initChannel(SocketChannel client) {
                                relayed.accept(client);
                            }
                        })
                        .bind(InetAddress.getLoopbackAddress(), 0)
                        .syncUninterruptibly()
                        .channel();
                return new TcpFaultRelay(group, listener, accepted, live);
            } catch (RuntimeException | Error e) {
                group.shutdownGracefully(0, 5, TimeUnit.SECONDS);
                throw e;
            }
        }
    }
}
