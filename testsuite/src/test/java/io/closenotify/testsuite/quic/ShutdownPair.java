package io.closenotify.testsuite.quic;

import io.closenotify.quic.QuicLingerHandler;
import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.UdpFaultRelay;
import io.closenotify.testsuite.Waits;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.util.AttributeKey;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** Two ends with our handler in both, and a relay between them. */
final class ShutdownPair implements AutoCloseable {

    static final AttributeKey<QuicShutdownHandler> HANDLER =
            AttributeKey.valueOf(ShutdownPair.class, "handler");

    private static final Duration ONE_WAY = Duration.ofMillis(10);

    /** A flush at 20 % loss takes its time. */
    private static final Duration OUTCOME_DEADLINE = Duration.ofSeconds(60);

    private final QuicServer server;
    private final UdpFaultRelay relay;
    private final QuicClient client;
    private final OurConnection near;
    private final OurConnection far;

    /** A pair over a path of 20 ms there and back that loses datagrams of either direction at a rate. */
    static ShutdownPair overLossyPath(long seed, double loss) throws InterruptedException {
        return new ShutdownPair(setup(), setup(), relay -> slow(relay).seed(seed)
                .loss(Direction.TO_SERVER, loss)
                .loss(Direction.TO_CLIENT, loss));
    }

    /** A path of 20 ms there and back. */
    static UdpFaultRelay.Builder slow(UdpFaultRelay.Builder path) {
        return path.delay(Direction.TO_SERVER, ONE_WAY).delay(Direction.TO_CLIENT, ONE_WAY);
    }

    static QuicSetup setup() {
        return setup(QuicShutdownPolicy.compliant());
    }

    static QuicSetup setup(QuicShutdownPolicy policy) {
        return new QuicSetup().connectionPipeline(channel -> add(channel, policy));
    }

    static void add(QuicChannel channel, QuicShutdownPolicy policy) {
        add(channel, QuicShutdownHandler.builder().policy(policy).build());
    }

    static void add(QuicChannel channel, QuicShutdownHandler handler) {
        channel.attr(HANDLER).set(handler);
        channel.pipeline().addLast(handler);
    }

    ShutdownPair(QuicSetup clientSetup, QuicSetup serverSetup, UnaryOperator<UdpFaultRelay.Builder> path)
            throws InterruptedException {
        server = serverSetup.server();
        relay = path.apply(UdpFaultRelay.to(server.address())).start();
        client = clientSetup.client();
        near = client.connect(relay.address());
        far = server.next();
    }

    OurConnection near() {
        return near;
    }

    OurConnection far() {
        return far;
    }

    UdpFaultRelay relay() {
        return relay;
    }

    QuicServer server() {
        return server;
    }

    QuicClient client() {
        return client;
    }

    QuicLingerHandler linger() {
        return QuicLingerHandler.of(client.datagrams());
    }

    /** The pipeline is empty once the channel is closed. */
    static QuicShutdownHandler handler(OurConnection connection) {
        return connection.channel().attr(HANDLER).get();
    }

    /** Starts the shutdown of the client's end. */
    QuicShutdownFuture shutdown(QuicShutdownPolicy policy) {
        return handler(near).shutdown(policy);
    }

    /** Waits for an outcome, of whichever kind. */
    static QuicShutdownOutcome outcome(QuicShutdownFuture future) throws InterruptedException {
        if (!future.await(OUTCOME_DEADLINE.toMillis())) {
            throw new AssertionError("no outcome within " + OUTCOME_DEADLINE);
        }
        QuicShutdownOutcome outcome = future.outcome();
        if (outcome == null) {
            throw new AssertionError("no outcome", future.cause());
        }
        return outcome;
    }

    /** Lets real time pass, by the timer of a connection's loop: quiche's clock cannot be set. */
    static void letPass(OurConnection connection, Duration time) throws InterruptedException {
        Waits.done(connection.channel().eventLoop().schedule(() -> { }, time.toNanos(), TimeUnit.NANOSECONDS));
    }

    @Override
    public void close() {
        client.close();
        server.close();
        relay.close();
    }
}
