package io.closenotify.testsuite.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.observe.ShutdownObserver;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testkit.ExpectedLog;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.RecordedShutdowns;
import io.closenotify.testsuite.ShutdownMeters;
import io.closenotify.testsuite.Waits;
import io.netty.channel.Channel;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.util.NetUtil;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import jdk.jfr.consumer.RecordedEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(LeakAndLogCheck.class)
class QuicObserverTest {

    private static final String HOSTILE = "\u001b[2Jbye\u202e\n";

    /** Throws, whatever it is told. */
    private static final ShutdownObserver THROWING = (ShutdownObserver) Proxy.newProxyInstance(
            ShutdownObserver.class.getClassLoader(), new Class<?>[] {ShutdownObserver.class},
            (proxy, method, arguments) -> {
                throw new IllegalStateException(method.getName());
            });

    private final ShutdownMeters meters = new ShutdownMeters("quic");

    private ShutdownPair pair() throws InterruptedException {
        return pair(meters.observer());
    }

    private static ShutdownPair pair(ShutdownObserver ofClient) throws InterruptedException {
        QuicSetup client = new QuicSetup().connectionPipeline(
                channel -> ShutdownPair.add(channel, QuicShutdownHandler.builder().observer(ofClient).build()));
        return new ShutdownPair(client, ShutdownPair.setup(), relay -> relay);
    }

    @Test
    void a_connection_is_shutting_down_while_it_flushes_and_lingers_for_its_closing_period() throws Exception {
        try (ShutdownPair pair = pair()) {
            assertThat(meters.shuttingDown()).isZero();
            pair.near().open(QuicStreamType.BIDIRECTIONAL).write(1_000);
            // Behind the outcome, on the loop: the closing period is not over yet, however busy the machine is.
            CompletableFuture<List<Double>> atOutcome = new CompletableFuture<>();
            QuicShutdownFuture future = pair.shutdown(QuicShutdownPolicy.compliant());
            future.addListener(done -> atOutcome.complete(List.of(meters.shuttingDown(), meters.lingering())));
            assertThat(Waits.done(pair.near().channel().eventLoop().submit(
                    () -> meters.shuttingDown() + meters.outcomes())).getNow()).isEqualTo(1);
            assertThat(ShutdownPair.outcome(future).isSuccess()).isTrue();
            assertThat(atOutcome).succeedsWithin(Waits.DEADLINE).isEqualTo(List.of(0.0, 1.0));
            Waits.done(pair.linger().idle());
            assertThat(meters.lingering()).isZero();
            assertThat(meters.outcomes("compliant", "clean")).isOne();
        }
    }

    /** How a connection ends; {@link #end} returns when that is on its way. */
    @FunctionalInterface
    private interface Ending {

        void end(ShutdownPair pair) throws Exception;
    }

    static Stream<Arguments> endings() {
        return Stream.of(
                ending("compliant", pair -> pair.shutdown(QuicShutdownPolicy.compliant())),
                ending("rapid", pair -> pair.shutdown(QuicShutdownPolicy.rapid())),
                ending("the peer's", pair -> ShutdownPair.handler(pair.far()).shutdown()),
                ending("the peer's, waited for", pair -> {
                    pair.shutdown(QuicShutdownPolicy.waitPeer());
                    ShutdownPair.handler(pair.far()).shutdown();
                }),
                ending("compliant instead of waiting", pair -> {
                    pair.shutdown(QuicShutdownPolicy.waitPeer());
                    pair.shutdown(QuicShutdownPolicy.compliant());
                }),
                ending("aborted", pair -> ShutdownPair.handler(pair.near()).abort()),
                ending("aborted while waiting", pair -> {
                    pair.shutdown(QuicShutdownPolicy.waitPeer());
                    ShutdownPair.handler(pair.near()).abort();
                }),
                ending("the handler removed while waiting", pair -> {
                    pair.shutdown(QuicShutdownPolicy.waitPeer());
                    pair.near().channel().pipeline().remove(QuicShutdownHandler.class);
                }),
                ending("the transport closed, as an event loop does at its end", pair -> closeTransport(pair)),
                ending("the transport closed in the closing period", pair -> {
                    ShutdownPair.outcome(pair.shutdown(QuicShutdownPolicy.compliant()));
                    closeTransport(pair);
                }),
                ending("the transport closed while a close is on its way", pair -> {
                    pair.shutdown(QuicShutdownPolicy.rapid());
                    closeTransport(pair);
                }));
    }

    private static Arguments ending(String name, Ending ending) {
        return Arguments.of(name, ending);
    }

    private static void closeTransport(ShutdownPair pair) throws InterruptedException {
        Channel datagrams = pair.client().datagrams();
        datagrams.eventLoop().execute(() -> datagrams.unsafe().close(datagrams.voidPromise()));
        Waits.done(datagrams.closeFuture());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("endings")
    void gauges_come_back_to_zero_and_one_outcome_is_told(String name, Ending ending) throws Exception {
        try (ShutdownPair pair = pair()) {
            ending.end(pair);
            ShutdownPair.outcome(ShutdownPair.handler(pair.near()).outcome());
            Waits.done(pair.linger().idle());
            assertThat(meters.shuttingDown()).isZero();
            assertThat(meters.lingering()).isZero();
            assertThat(meters.outcomes()).isOne();
        }
    }

    @Test
    void a_handshake_that_is_given_up_is_forced() throws Exception {
        QuicSetup setup = new QuicSetup().connectionPipeline(channel -> {
            QuicShutdownHandler handler = QuicShutdownHandler.builder()
                    .policy(QuicShutdownPolicy.compliant().toBuilder().closeTimeout(Duration.ofMillis(50)).build())
                    .observer(meters.observer()).build();
            ShutdownPair.add(channel, handler);
            channel.eventLoop().execute(handler::shutdown);
        });
        InetSocketAddress nobody;
        try (QuicServer gone = new QuicSetup().server()) {
            nobody = gone.address();
        }
        try (QuicClient client = setup.client()) {
            ShutdownPair.outcome(client.attempt(nobody).outcome());
            assertThat(meters.counted("closenotify.forced")).isEqualTo(1);
            assertThat(meters.shuttingDown()).isZero();
        }
    }

    @Test
    void the_flight_recorder_has_one_event_a_shutdown_without_what_a_peer_would_do_to_a_terminal() throws Exception {
        List<RecordedEvent> events;
        String server;
        try (RecordedShutdowns recorded = new RecordedShutdowns(); ShutdownPair pair = pair()) {
            server = NetUtil.toSocketAddressString(pair.relay().address());
            ShutdownPair.outcome(ShutdownPair.handler(pair.far()).shutdown(QuicShutdownPolicy.compliant().toBuilder()
                    .close(QuicConnectionClose.application(1L << 40, HOSTILE)).build()));
            ShutdownPair.outcome(ShutdownPair.handler(pair.near()).outcome());
            events = recorded.events();
        }
        assertThat(events).hasSize(2).allSatisfy(event -> {
            assertThat(event.getString("protocol")).isEqualTo("quic");
            assertThat(event.getString("mode")).isEqualTo("compliant");
            assertThat(event.getString("result")).isEqualTo("clean");
            assertThat(event.getLong("errorCode")).isEqualTo(1L << 40);
            assertThat(event.getString("reason")).isEqualTo("\ufffd[2Jbye\ufffd\ufffd");
            assertThat(event.getBoolean("application")).isTrue();
        });
        assertThat(events).filteredOn(event -> event.getBoolean("remote")).singleElement().satisfies(event -> {
            assertThat(event.getString("peer")).isEqualTo(server);
            assertThat(event.getString("delivery")).isEqualTo("peer_confirmed");
            assertThat(event.getString("initiator")).isEqualTo("peer");
        });
    }

    @Test
    @ExpectedLog("threw")
    void an_observer_that_throws_harms_no_shutdown() throws Exception {
        try (ShutdownPair pair = pair(THROWING)) {
            QuicShutdownOutcome outcome = ShutdownPair.outcome(pair.shutdown(QuicShutdownPolicy.compliant()));
            assertThat(outcome.isSuccess()).isTrue();
            assertThat(outcome.mode()).isEqualTo(QuicShutdownMode.COMPLIANT);
            Waits.done(pair.linger().idle());
        }
    }
}
