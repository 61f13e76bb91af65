package io.closenotify.dtls;

import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownPolicy;
import io.closenotify.TransportPolicy;
import io.closenotify.observe.ShutdownObserver;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * Builds {@link DtlsHandler}s for clients, and tells a {@link DtlsServerChannel} how to build those of its children.
 * One builder may build many; each handler serves one channel. The setters check their values at once.
 */
public final class DtlsHandlerBuilder {

    private static final int MIN_MTU = 256;
    private static final int MAX_MTU = 16_384;
    private static final Duration MAX_TIME = ShutdownPolicy.MAX_TIMEOUT;

    private final SSLContext sslContext;
    private ShutdownPolicy policy = ShutdownPolicy.bidirectional();
    private int mtu = 1_400;
    private Duration handshakeTimeout = Duration.ofSeconds(60);
    private Duration retransmitTimeout = Duration.ofSeconds(1);
    private Duration reorderGrace = Duration.ofMillis(100);
    private Duration repeatInterval = Duration.ofMillis(100);
    private Executor taskExecutor = DelegatedTasks.EXECUTOR;
    private Consumer<? super SSLParameters> parameters = unchanged -> { };
    private @Nullable InetSocketAddress peer;
    private ShutdownObserver observer = ShutdownObserver.none();
    private LongSupplier clock = System::nanoTime;

    DtlsHandlerBuilder(SSLContext sslContext) {
        this.sslContext = requireNonNull(sslContext, "sslContext");
        if (!sslContext.getProtocol().startsWith("DTLS")) {
            throw new IllegalArgumentException("sslContext: " + sslContext.getProtocol() + " (expected: DTLS)");
        }
    }

    /**
     * Sets the policy; {@link ShutdownPolicy#bidirectional()} by default.
     *
     * @param policy how the connection is to be ended; {@link TransportPolicy#KEEP} is refused: a datagram cannot tell
     *     where DTLS ends
     * @return this builder
     * @throws IllegalArgumentException if the policy is to keep the transport
     */
    public DtlsHandlerBuilder policy(ShutdownPolicy policy) {
        this.policy = requirePossible(policy);
        return this;
    }

    static ShutdownPolicy requirePossible(ShutdownPolicy policy) {
        if (requireNonNull(policy, "policy").transport() == TransportPolicy.KEEP) {
            throw new IllegalArgumentException("transport: KEEP (expected: CLOSE, the only one over datagrams)");
        }
        return policy;
    }

    /**
     * Sets the size that no datagram we send exceeds (RFC 6347, section 4.1.1): records of the handshake are split
     * accordingly, and a message that does not fit into one record of that size is refused. A client's ClientHello
     * should fit, too (some 350 bytes, more with many application protocols): a server that keeps nothing of whom it
     * does not know, as {@link DtlsServerChannel}, takes none in pieces. A session whose ticket would make it too
     * large is not resumed.
     *
     * @param mtu bytes of UDP payload, 256 to 16,384; 1,400 by default
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public DtlsHandlerBuilder mtu(int mtu) {
        if (mtu < MIN_MTU || mtu > MAX_MTU) {
            throw new IllegalArgumentException(
                    "mtu: " + mtu + " (expected: " + MIN_MTU + " to " + MAX_MTU + " bytes)");
        }
        this.mtu = mtu;
        return this;
    }

    /**
     * Sets how long the handshake may take, from the channel's becoming active on.
     *
     * @param handshakeTimeout up to {@link ShutdownPolicy#MAX_TIMEOUT}; 60 s by default, zero waits without end
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public DtlsHandlerBuilder handshakeTimeout(Duration handshakeTimeout) {
        this.handshakeTimeout = requireTime("handshakeTimeout", handshakeTimeout, Duration.ZERO, MAX_TIME);
        return this;
    }

    /**
     * Sets how long an unanswered flight of the handshake waits until it is sent again (RFC 6347, section 4.2.4.1); the
     * time doubles with each repetition, up to 60 s.
     *
     * @param retransmitTimeout 10 ms to 60 s; 1 s by default
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public DtlsHandlerBuilder retransmitTimeout(Duration retransmitTimeout) {
        this.retransmitTimeout = requireTime("retransmitTimeout", retransmitTimeout, Duration.ofMillis(10),
                Handshake.MAX_RETRANSMIT_TIMEOUT);
        return this;
    }

    /**
     * Sets how long the peer's close_notify is held back while records that were sent before it are missing: data that
     * a network delivers behind it would be lost otherwise, because nothing is read behind a close_notify.
     *
     * @param reorderGrace up to 10 s; 100 ms by default, zero does not hold it
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public DtlsHandlerBuilder reorderGrace(Duration reorderGrace) {
        this.reorderGrace =
                requireTime("reorderGrace", reorderGrace, Duration.ZERO, Duration.ofSeconds(10));
        return this;
    }

    /**
     * Sets how long our close_notify goes unanswered until it is sent again, the same record; the time doubles with
     * each repetition. Only a bidirectional shutdown repeats, until the peer's close_notify or {@code peerTimeout}.
     *
     * @param repeatInterval 10 ms to {@link ShutdownPolicy#MAX_TIMEOUT}; 100 ms by default
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public DtlsHandlerBuilder repeatInterval(Duration repeatInterval) {
        this.repeatInterval = requireTime("repeatInterval", repeatInterval, Duration.ofMillis(10), MAX_TIME);
        return this;
    }

    /**
     * Sets where the engine's long tasks (signatures, key agreement) run.
     *
     * @param taskExecutor not the event loop; a pool of as many daemon threads as there are processors by default,
     *     shared by all handlers
     * @return this builder
     */
    public DtlsHandlerBuilder taskExecutor(Executor taskExecutor) {
        this.taskExecutor = requireNonNull(taskExecutor, "taskExecutor");
        return this;
    }

    /**
     * Sets what is to be changed in the engine's parameters: cipher suites, client authentication, endpoint
     * identification, application protocols. The maximum packet size is set by {@link #mtu}, afterwards.
     *
     * @param parameters is given the parameters of each engine, to change them
     * @return this builder
     */
    public DtlsHandlerBuilder sslParameters(Consumer<? super SSLParameters> parameters) {
        this.parameters = requireNonNull(parameters, "parameters");
        return this;
    }

    /**
     * Sets whom a client connects to: sessions are resumed by that name, and certificates are checked against it if
     * the parameters ask for it.
     *
     * @param peer the server's name, unresolved or not, and port; by default the channel's remote address
     * @return this builder
     */
    public DtlsHandlerBuilder peer(InetSocketAddress peer) {
        this.peer = requireNonNull(peer, "peer");
        return this;
    }

    /**
     * Sets who is told of shutdowns as they go; nobody by default.
     *
     * @param observer is told by all handlers built from now on
     * @return this builder
     */
    public DtlsHandlerBuilder observer(ShutdownObserver observer) {
        this.observer = ShutdownObserver.guarded(observer);
        return this;
    }

    /** For tests: what the times of the outcome are measured by, in nanoseconds. */
    DtlsHandlerBuilder clock(LongSupplier clock) {
        this.clock = clock;
        return this;
    }

    DtlsHandler build(SSLEngine serverEngine) {
        return new DtlsHandler(settings(), serverEngine);
    }

    /**
     * Builds a handler for a client.
     *
     * @return a new handler
     */
    public DtlsHandler build() {
        return new DtlsHandler(settings(), null);
    }

    /** As this builder is set now. */
    DtlsSettings settings() {
        return new DtlsSettings(sslContext, policy, mtu, handshakeTimeout, retransmitTimeout, reorderGrace,
                repeatInterval, taskExecutor, parameters, peer, observer, clock);
    }

    private static Duration requireTime(String name, Duration time, Duration least, Duration most) {
        requireNonNull(time, name);
        if (time.compareTo(least) < 0 || time.compareTo(most) > 0) {
            throw new IllegalArgumentException(name + ": " + time + " (expected: " + least + " to " + most + ')');
        }
        return time;
    }
}
