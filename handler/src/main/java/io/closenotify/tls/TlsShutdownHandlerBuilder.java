package io.closenotify.tls;

import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownPolicy;
import io.closenotify.TransportPolicy;
import io.closenotify.observe.ShutdownObserver;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Builds {@link TlsShutdownHandler}s. One builder may build many; each handler serves one channel.
 */
public final class TlsShutdownHandlerBuilder {

    private ShutdownPolicy policy = ShutdownPolicy.bidirectional();
    private boolean keepable;
    private boolean earlyTickets;
    private ShutdownObserver observer = ShutdownObserver.none();
    private LongSupplier clock = System::nanoTime;

    TlsShutdownHandlerBuilder() {
    }

    /**
     * Sets the policy; {@link ShutdownPolicy#bidirectional()} by default.
     *
     * @param policy how the connection is to be ended
     * @return this builder
     */
    public TlsShutdownHandlerBuilder policy(ShutdownPolicy policy) {
        this.policy = requireNonNull(policy, "policy");
        return this;
    }

    /**
     * Prepares for a later {@link TlsShutdownHandler#shutdown(ShutdownPolicy)} with {@link TransportPolicy#KEEP}: the
     * {@code SslHandler} gets its records one by one, from the handshake on, so that not a byte behind the peer's
     * close_notify goes astray. It costs one slice of a buffer a record. The handler must be behind its
     * {@code SslHandler} before the first byte of the handshake, which rules out {@code SniHandler}, and it cannot be
     * done where the engine's tasks run on an executor of their own and the peer sends data, alert and plaintext in one
     * burst with its handshake. A policy with {@code KEEP} implies it. {@code KEEP} must be said before the peer's
     * close_notify comes ({@link TlsShutdownHandler#setPolicy}): behind it input is ignored otherwise.
     *
     * @param keepable whether the transport may have to live on; {@code false} by default
     * @return this builder
     */
    public TlsShutdownHandlerBuilder keepable(boolean keepable) {
        this.keepable = keepable;
        return this;
    }

    /**
     * Makes a TLS 1.3 server on BoringSSL send its session tickets as soon as the handshake is done, as other engines
     * do, instead of with its first write: a client that has nothing to read gets them, and can resume. But a client
     * that closes its socket without ever reading makes its kernel answer them with a reset, which destroys what it
     * sent; hence BoringSSL's reluctance, and the default. Other engines and roles are not affected.
     *
     * @param earlyTickets whether not to wait for the first write; {@code false} by default
     * @return this builder
     */
    public TlsShutdownHandlerBuilder earlyTickets(boolean earlyTickets) {
        this.earlyTickets = earlyTickets;
        return this;
    }

    /**
     * Sets who is told of shutdowns as they go; nobody by default.
     *
     * @param observer is told by all handlers built from now on
     * @return this builder
     */
    public TlsShutdownHandlerBuilder observer(ShutdownObserver observer) {
        this.observer = ShutdownObserver.guarded(observer);
        return this;
    }

    /** For tests: what the times of the outcome are measured by, in nanoseconds. */
    TlsShutdownHandlerBuilder clock(LongSupplier clock) {
        this.clock = clock;
        return this;
    }

    /**
     * Builds a handler.
     *
     * @return a new handler
     */
    public TlsShutdownHandler build() {
        return supplier().get();
    }

    /** Builds handlers as this builder is set now. */
    Supplier<TlsShutdownHandler> supplier() {
        ShutdownPolicy fixedPolicy = policy;
        boolean fixedKeepable = keepable;
        boolean fixedEarlyTickets = earlyTickets;
        ShutdownObserver fixedObserver = observer;
        LongSupplier fixedClock = clock;
        return () -> new TlsShutdownHandler(
                fixedPolicy, fixedKeepable, fixedEarlyTickets, fixedObserver, fixedClock);
    }
}
