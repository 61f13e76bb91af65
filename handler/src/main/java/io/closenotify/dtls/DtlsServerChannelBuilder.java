package io.closenotify.dtls;

import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownPolicy;
import io.netty.channel.ChannelFactory;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLEngine;

/**
 * Builds the factory of {@link DtlsServerChannel}s that a {@code ServerBootstrap} asks for. The setters check their
 * values at once. Neither this builder nor that of the handlers is to be changed once a channel was made.
 */
public final class DtlsServerChannelBuilder {

    private static final Duration MIN_IDLE = Duration.ofMillis(10);

    private ChannelFactory<? extends DatagramChannel> udp = NioDatagramChannel::new;
    private int maxPendingHandshakes = 1_024;
    private int maxConnections = 10_000;
    private int maxClientHellosPerSecond = 2_000;
    private Duration idleTimeout = Duration.ofMinutes(5);
    private Function<InetSocketAddress, SSLEngine> engines;
    private ChildHandler.Factory handlers;
    private LongSupplier clock;
    private boolean ownCookies;

    DtlsServerChannelBuilder(DtlsHandlerBuilder builder) {
        DtlsSettings settings = requireNonNull(builder, "builder").settings();
        engines = settings::serverEngine;
        handlers = (peer, engine) -> ChildHandler.of(new DtlsHandler(settings, engine));
        clock = settings.clock();
    }

    /**
     * Sets what makes the UDP socket.
     *
     * @param udp makes datagram channels that the event loop of the server channel can serve, for instance
     *     {@code EpollDatagramChannel::new}; {@link NioDatagramChannel} by default
     * @return this builder
     */
    public DtlsServerChannelBuilder udp(ChannelFactory<? extends DatagramChannel> udp) {
        this.udp = requireNonNull(udp, "udp");
        return this;
    }

    /**
     * Sets how many associations may be in their handshake at a time. A ClientHello beyond is dropped; the client
     * repeats it.
     *
     * @param maxPendingHandshakes at least 1; 1,024 by default
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public DtlsServerChannelBuilder maxPendingHandshakes(int maxPendingHandshakes) {
        this.maxPendingHandshakes = requirePositive("maxPendingHandshakes", maxPendingHandshakes);
        return this;
    }

    /**
     * Sets how many clients may have an association at a time, established or not. A ClientHello of another one is
     * dropped. A client that restarts is the same one.
     *
     * @param maxConnections at least 1; 10,000 by default
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public DtlsServerChannelBuilder maxConnections(int maxConnections) {
        this.maxConnections = requirePositive("maxConnections", maxConnections);
        return this;
    }

    /**
     * Sets how many ClientHellos a second are looked at, and a fiftieth of that at once; each handshake needs two. One
     * costs up to a tenth of a millisecond, signature not included, on the event loop that serves the socket: without
     * a limit, a flood of forged ones would leave nothing to the associations. Beyond it they are dropped.
     *
     * @param maxClientHellosPerSecond at least 1; 2,000 by default
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public DtlsServerChannelBuilder maxClientHellosPerSecond(int maxClientHellosPerSecond) {
        this.maxClientHellosPerSecond = requirePositive("maxClientHellosPerSecond", maxClientHellosPerSecond);
        return this;
    }

    /**
     * Sets after what time, without a datagram from the client, an association is ended, by {@code close()} through the
     * pipeline of its channel. What is sent to the client does not count: a client that has vanished takes no notice.
     *
     * @param idleTimeout 10 ms to {@link ShutdownPolicy#MAX_TIMEOUT}; 5 min by default, zero waits without end
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public DtlsServerChannelBuilder idleTimeout(Duration idleTimeout) {
        requireNonNull(idleTimeout, "idleTimeout");
        if (!idleTimeout.isZero()
                && (idleTimeout.compareTo(MIN_IDLE) < 0 || idleTimeout.compareTo(ShutdownPolicy.MAX_TIMEOUT) > 0)) {
            throw new IllegalArgumentException("idleTimeout: " + idleTimeout + " (expected: PT0S, or " + MIN_IDLE
                    + " to " + ShutdownPolicy.MAX_TIMEOUT + ')');
        }
        this.idleTimeout = idleTimeout;
        return this;
    }

    private static int requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
        }
        return value;
    }

    /** For tests: what the first handlers of the children are. */
    DtlsServerChannelBuilder handlers(ChildHandler.Factory handlers) {
        this.handlers = handlers;
        return this;
    }

    /** For tests: what idle times and rates are measured by, in nanoseconds. */
    DtlsServerChannelBuilder clock(LongSupplier clock) {
        this.clock = clock;
        return this;
    }

    /** For tests: does as if the cookies of the JDK were not bound to the client's address. */
    DtlsServerChannelBuilder ownCookies() {
        ownCookies = true;
        return this;
    }

    /**
     * Builds the factory.
     *
     * @return makes one server channel a call
     * @throws IllegalStateException if the {@code SSLContext} is not initialized
     */
    public ChannelFactory<DtlsServerChannel> build() {
        // Later nobody would be told: an unknown client's ClientHello that fails is dropped.
        requireNonNull(engines.apply(new InetSocketAddress(NetUtil.LOCALHOST4, 1)), "engine");
        return () -> new DtlsServerChannel(this);
    }

    ChannelFactory<? extends DatagramChannel> udp() {
        return udp;
    }

    int maxPendingHandshakes() {
        return maxPendingHandshakes;
    }

    int maxConnections() {
        return maxConnections;
    }

    Duration idleTimeout() {
        return idleTimeout;
    }

    ChildHandler.Factory handlers() {
        return handlers;
    }

    LongSupplier clock() {
        return clock;
    }

    RateLimit rateLimit() {
        return new RateLimit(maxClientHellosPerSecond, clock);
    }

    ClientHelloReception reception() {
        return ownCookies
                ? ClientHelloReception.withOwnCookies(engines, clock) : ClientHelloReception.of(engines, clock);
    }
}
