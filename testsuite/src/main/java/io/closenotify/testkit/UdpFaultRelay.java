package io.closenotify.testkit;

import static java.util.Objects.requireNonNull;

import io.closenotify.testkit.DatagramRule.Datagram;
import io.closenotify.testkit.DatagramRule.Verdict;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A UDP relay on loopback that stands between clients and a server and spoils the traffic on purpose: it loses,
 * delays, reorders and duplicates datagrams, by rate or by rule.
 *
 * <p>Without a fault it is transparent, but for empty datagrams, which it drops. The server sees one address a
 * client, which is not the client's own. The relay never interprets a payload; a {@link DatagramRule} may.
 *
 * <pre>{@code
 * try (UdpFaultRelay relay = UdpFaultRelay.to(server)
 *         .seed(42)
 *         .delay(Direction.TO_CLIENT, Duration.ofMillis(10))
 *         .loss(Direction.TO_SERVER, 0.05)
 *         .dropNth(Direction.TO_CLIENT, 3)
 *         .rule(Direction.TO_CLIENT, datagram -> datagram.length() > 1_000, Verdict.DUPLICATE)
 *         .record(1_000)
 *         .start()) {
 *     connect(relay.address());
 *     relay.block(Direction.TO_CLIENT);
 *     ...
 *     RelayedDatagram last = relay.recording().poll(10, TimeUnit.SECONDS);
 * }
 * }</pre>
 *
 * <p><b>Decisions.</b> Each datagram is decided on when it arrives: {@link #block} comes first, then {@link
 * #dropNext}, then the rules in the order in which they were added, then the rates: loss, duplicates, reorder. What
 * was decided before a change still takes its course. The rates draw from generators that only the seed determines,
 * one a direction and client: the n-th datagram of a direction of the k-th client always draws the same numbers,
 * whatever happened to the others.
 *
 * <p><b>Threading.</b> Everything runs on one event loop of its own. All methods may be called from any thread; those
 * that change something have taken effect when they return. {@link #close} alone must not be called on that event
 * loop, which is where rules run.
 *
 * <p><b>Limits.</b> Socket buffers of 4 MiB are asked for; the system may grant less, and what does not fit in is
 * lost without being counted. What is delayed or held is kept without limit. A client is kept until the relay is
 * closed.
 */
public final class UdpFaultRelay implements AutoCloseable {

    private final String description;
    private final EventLoop eventLoop;
    private final UdpSwitch sockets;
    private final Map<Direction, UdpDirection> directions;
    private final List<DatagramRule> rules;
    private final @Nullable BlockingQueue<RelayedDatagram> recording;

    /** Event loop. */
    private UdpFaultRelay(Builder builder, EventLoop eventLoop) {
        this.eventLoop = eventLoop;
        rules = new CopyOnWriteArrayList<>(builder.rules);
        recording = builder.capacity == 0 ? null : new LinkedBlockingQueue<>(builder.capacity);
        Consumer<RelayedDatagram> recorder = recording == null ? datagram -> { } : recording::offer;
        UdpDirection toServer = direction(Direction.TO_SERVER, builder, recorder);
        UdpDirection toClient = direction(Direction.TO_CLIENT, builder, recorder);
        directions = Map.of(Direction.TO_SERVER, toServer, Direction.TO_CLIENT, toClient);
        sockets = new UdpSwitch(eventLoop, builder.server, toServer, toClient, builder.seed);
        description = "UdpFaultRelay[" + sockets.address() + " -> " + builder.server + ", seed=" + builder.seed
                + ", TO_SERVER=" + toServer.faults() + ", TO_CLIENT=" + toClient.faults() + ']';
    }

    private UdpDirection direction(Direction direction, Builder builder, Consumer<RelayedDatagram> recorder) {
        return new UdpDirection(direction, builder.faults(direction), rules, recorder);
    }

    /**
     * Returns a builder of a relay to a server.
     *
     * @param server where datagrams are relayed to: a resolved address and a port
     * @return a new builder
     * @throws IllegalArgumentException if it is not resolved or its port is 0
     */
    public static Builder to(InetSocketAddress server) {
        return new Builder(server);
    }

    /**
     * Returns the address that clients send to.
     *
     * @return an address on loopback
     */
    public InetSocketAddress address() {
        return sockets.address();
    }

    /**
     * Returns the clients from which a datagram has arrived.
     *
     * @return their addresses, in the order in which they appeared
     */
    public List<InetSocketAddress> clients() {
        return onEventLoop(sockets::clients);
    }

    /**
     * Drops all that arrives in a direction from now on, a black hole. Nothing else is asked meanwhile: neither the
     * count of {@link #dropNext} nor a rule.
     *
     * @param direction the direction
     */
    public void block(Direction direction) {
        change(direction, blocked -> blocked.block(true));
    }

    /**
     * Ends what {@link #block} began; what was dropped stays lost.
     *
     * @param direction the direction
     */
    public void unblock(Direction direction) {
        change(direction, blocked -> blocked.block(false));
    }

    /**
     * Drops the datagrams that arrive next in a direction, all clients together. Replaces what an earlier call left.
     *
     * @param direction the direction
     * @param datagrams how many, at least zero; zero drops no more
     */
    public void dropNext(Direction direction, long datagrams) {
        if (datagrams < 0) {
            throw new IllegalArgumentException("datagrams: " + datagrams + " (expected: >= 0)");
        }
        change(direction, dropping -> dropping.dropNext(datagrams));
    }

    /**
     * Adds a rule that is asked after those that are there.
     *
     * @param rule the rule, for both directions
     */
    public void addRule(DatagramRule rule) {
        requireNonNull(rule, "rule");
        onEventLoop(() -> rules.add(rule));
    }

    /**
     * Removes a rule; does nothing if it is not there.
     *
     * @param rule the rule
     */
    public void removeRule(DatagramRule rule) {
        onEventLoop(() -> rules.remove(rule));
    }

    /**
     * Adds a rule that drops some datagrams of a direction.
     *
     * @param direction the direction
     * @param which tells which to drop; called as a {@link DatagramRule} is
     * @return the rule, to {@linkplain #removeRule remove} it
     */
    public DatagramRule drop(Direction direction, Predicate<? super Datagram> which) {
        return addRule(direction, which, Verdict.DROP);
    }

    /**
     * Adds a rule that decides on some datagrams of a direction; it is asked after those that are there.
     *
     * @param direction the direction
     * @param which tells on which; called as a {@link DatagramRule} is
     * @param verdict what is done with them
     * @return the rule, to {@linkplain #removeRule remove} it
     */
    public DatagramRule addRule(Direction direction, Predicate<? super Datagram> which, Verdict verdict) {
        DatagramRule rule = DatagramRule.of(direction, which, verdict);
        addRule(rule);
        return rule;
    }

    /**
     * Gives a client a new address towards the server, as a NAT does that has forgotten it. What the server still
     * sends to the old address is lost, without being counted; what is delayed or held leaves from the new one.
     *
     * @param client one of {@link #clients}
     * @return the address from which the server sees this client from now on
     * @throws IllegalArgumentException if no datagram of that client has arrived
     * @throws IllegalStateException if the relay is closed
     */
    public InetSocketAddress rebind(InetSocketAddress client) {
        requireNonNull(client, "client");
        return onEventLoop(() -> sockets.rebind(client));
    }

    /**
     * Sends a datagram on behalf of the other side, past rules, rates and delay: to the server from where it sees
     * this client, or to the client from the relay.
     *
     * @param direction the direction
     * @param client one of {@link #clients}
     * @param content the payload, not empty; released
     * @throws IllegalArgumentException if no datagram of that client has arrived
     * @throws IllegalStateException if the socket refused it, or the relay is closed
     */
    public void send(Direction direction, InetSocketAddress client, ByteBuf content) {
        byte[] bytes = take(content);
        requireNonNull(direction, "direction");
        requireNonNull(client, "client");
        onEventLoop(() -> {
            sockets.inject(direction, client, bytes);
            return true;
        });
    }

    /**
     * Sends a datagram to the server from a new socket, so from an address that it has not seen. Rules, rates and
     * delay do not apply, nor to what comes back.
     *
     * @param content the payload, not empty; released
     * @return the socket, which tells what came back
     * @throws IllegalStateException if the socket refused it, or the relay is closed
     */
    public OtherAddress sendFromOtherAddress(ByteBuf content) {
        byte[] bytes = take(content);
        return onEventLoop(() -> sockets.injectFromOtherAddress(bytes));
    }

    /**
     * Returns what was done in a direction so far. It includes all that a receiver has got before the call.
     *
     * @param direction the direction
     * @return the counts at one moment; they stay available after {@link #close}
     */
    public DatagramCounts counts(Direction direction) {
        UdpDirection counting = of(direction);
        return onEventLoop(counting::counts);
    }

    /**
     * Returns what was forwarded or dropped, both directions in one order. Injected datagrams are not in it. While
     * the queue is full nothing is added to it; the counts stay exact. A receiver may have a datagram a moment
     * before the queue does: wait for it.
     *
     * @return the datagrams that were recorded; the caller takes them out
     * @throws IllegalStateException if {@link Builder#record} was not called
     */
    public BlockingQueue<RelayedDatagram> recording() {
        if (recording == null) {
            throw new IllegalStateException("recording: off (expected: Builder.record(capacity))");
        }
        return recording;
    }

    /**
     * Closes all sockets, forgets what is delayed or held, and ends the event loop; returns when all of it is done.
     * Closing again does nothing.
     */
    @Override
    public void close() {
        eventLoop.parent().shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** Names the addresses, the seed and the rates, for a failure to be repeated. */
    @Override
    public String toString() {
        return description;
    }

    private UdpDirection of(Direction direction) {
        return requireNonNull(directions.get(requireNonNull(direction, "direction")));
    }

    private void change(Direction direction, Consumer<UdpDirection> change) {
        UdpDirection changed = of(direction);
        onEventLoop(() -> {
            change.accept(changed);
            return true;
        });
    }

    private <T> T onEventLoop(Supplier<T> task) {
        if (eventLoop.inEventLoop()) {
            return task.get();
        }
        Future<T> done;
        try {
            done = eventLoop.submit(task::get);
        } catch (RejectedExecutionException e) {
            // Closed: once the event loop has ended, nothing runs beside this.
            eventLoop.terminationFuture().syncUninterruptibly();
            return task.get();
        }
        return done.syncUninterruptibly().getNow();
    }

    private static byte[] take(ByteBuf content) {
        try {
            return ByteBufUtil.getBytes(content);
        } finally {
            content.release();
        }
    }

    /** Builds and starts a {@link UdpFaultRelay}. */
    public static final class Builder {

        private final InetSocketAddress server;
        private final Map<Direction, UdpFaults> faults = new EnumMap<>(Direction.class);
        private final List<DatagramRule> rules = new ArrayList<>();
        private long seed = 1;
        private int capacity;

        private Builder(InetSocketAddress server) {
            requireNonNull(server, "server");
            if (server.isUnresolved() || server.getPort() == 0) {
                throw new IllegalArgumentException("server: " + server + " (expected: a resolved address and a port)");
            }
            this.server = server;
        }

        /**
         * Sets what the rates draw from.
         *
         * @param seed any number; 1 by default
         * @return this builder
         */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /**
         * Sets how many datagrams are lost, as drawn from the {@linkplain #seed seed}.
         *
         * @param direction the direction
         * @param rate 0 (none, the default) to 1 (all)
         * @return this builder
         */
        public Builder loss(Direction direction, double rate) {
            return with(direction, faults -> faults.withLoss(rate));
        }

        /**
         * Sets how many of the datagrams that are not lost pass twice.
         *
         * @param direction the direction
         * @param rate 0 (none, the default) to 1 (all)
         * @return this builder
         */
        public Builder duplicates(Direction direction, double rate) {
            return with(direction, faults -> faults.withDuplicates(rate));
        }

        /**
         * Sets how many of the datagrams that are neither lost nor duplicated are held, so that others overtake them.
         *
         * @param direction the direction
         * @param rate 0 (none, the default) to 1 (all)
         * @return this builder
         */
        public Builder reorder(Direction direction, double rate) {
            return with(direction, faults -> faults.withReorder(rate));
        }

        /**
         * Sets how long a datagram is held, whether by rate or by {@link Verdict#HOLD}. Its delay begins afterwards.
         *
         * @param direction the direction
         * @param datagrams how many of the same client have to overtake it, at least 1; 1 by default. One that is
         *         lost or held overtakes nothing
         * @param atMost how long it waits for them, up to 1 h; 100 ms by default
         * @return this builder
         */
        public Builder hold(Direction direction, int datagrams, Duration atMost) {
            return with(direction, faults -> faults.withHold(datagrams, atMost));
        }

        /**
         * Sets how long a datagram takes one way. Order is kept.
         *
         * @param direction the direction
         * @param delay up to 1 h; zero by default, which passes it on at once
         * @return this builder
         */
        public Builder delay(Direction direction, Duration delay) {
            return with(direction, faults -> faults.withDelay(delay));
        }

        /**
         * Adds a rule that is asked after those that are there.
         *
         * @param rule the rule, for both directions
         * @return this builder
         */
        public Builder rule(DatagramRule rule) {
            rules.add(requireNonNull(rule, "rule"));
            return this;
        }

        /**
         * Adds a rule that drops some datagrams of a direction.
         *
         * @param direction the direction
         * @param which tells which to drop; called as a {@link DatagramRule} is
         * @return this builder
         */
        public Builder drop(Direction direction, Predicate<? super Datagram> which) {
            return rule(direction, which, Verdict.DROP);
        }

        /**
         * Adds a rule that drops one datagram of a direction, of each client.
         *
         * @param direction the direction
         * @param ordinal its number among those of its direction and client, counted from 1
         * @return this builder
         */
        public Builder dropNth(Direction direction, long ordinal) {
            if (ordinal < 1) {
                throw new IllegalArgumentException("ordinal: " + ordinal + " (expected: >= 1)");
            }
            return drop(direction, datagram -> datagram.ordinal() == ordinal);
        }

        /**
         * Adds a rule that decides on some datagrams of a direction: to lose, duplicate or hold them, or to let them
         * pass whatever the rates say. It is asked after those that are there.
         *
         * @param direction the direction
         * @param which tells on which; called as a {@link DatagramRule} is
         * @param verdict what is done with them
         * @return this builder
         */
        public Builder rule(Direction direction, Predicate<? super Datagram> which, Verdict verdict) {
            return rule(DatagramRule.of(direction, which, verdict));
        }

        /**
         * Records what is forwarded or dropped; see {@link UdpFaultRelay#recording}.
         *
         * @param capacity how many datagrams the queue takes, at least 1; off by default
         * @return this builder
         */
        public Builder record(int capacity) {
            if (capacity < 1) {
                throw new IllegalArgumentException("capacity: " + capacity + " (expected: >= 1)");
            }
            this.capacity = capacity;
            return this;
        }

        /**
         * Starts the relay on a free port.
         *
         * @return a relay that listens
         */
        public UdpFaultRelay start() {
            EventLoopGroup group = new NioEventLoopGroup(1, new DefaultThreadFactory("udp-fault-relay", true));
            try {
                EventLoop eventLoop = group.next();
                return eventLoop.submit(() -> new UdpFaultRelay(this, eventLoop)).syncUninterruptibly().getNow();
            } catch (RuntimeException | Error e) {
                group.shutdownGracefully(0, 5, TimeUnit.SECONDS);
                throw e;
            }
        }

        private UdpFaults faults(Direction direction) {
            return faults.getOrDefault(direction, UdpFaults.NONE);
        }

        private Builder with(Direction direction, UnaryOperator<UdpFaults> change) {
            requireNonNull(direction, "direction");
            faults.put(direction, change.apply(faults(direction)));
            return this;
        }
    }
}
