package io.closenotify.testsuite.quic;

import static io.closenotify.testsuite.quic.Closes.BYE;
import static io.closenotify.testsuite.quic.Closes.HIDDEN;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownResult;
import io.closenotify.quic.QuicCloseDelivery;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.StreamFlush;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.UdpFaultRelay;
import io.closenotify.testsuite.Waits;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A close before, or just as, the handshake is done: the peer is told in what it can read (RFC 9000, 10.2.3). */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class HandshakeCloseTest {

    private static final int RUNS = 5;
    private static final Duration IMPATIENCE = Duration.ofMillis(500);

    private final BlockingQueue<QuicShutdownHandler> servers = new LinkedBlockingQueue<>();
    private final BlockingQueue<QuicShutdownHandler> clients = new LinkedBlockingQueue<>();
    private QuicShutdownOutcome near;
    private QuicShutdownOutcome far;

    /** When the closing side closes. */
    enum Moment {
        CONNECTING, ACTIVE
    }

    private static QuicSetup closing(Moment moment, StreamFlush flush, BlockingQueue<QuicShutdownHandler> handlers) {
        QuicShutdownPolicy policy = QuicShutdownPolicy.compliant().toBuilder().streamFlush(flush).close(BYE).build();
        return closing(moment, policy, handlers);
    }

    private static QuicSetup closing(
            Moment moment, QuicShutdownPolicy policy, BlockingQueue<QuicShutdownHandler> handlers) {
        return new QuicSetup().connectionPipeline(channel -> {
            QuicShutdownHandler handler = QuicShutdownHandler.builder().policy(policy).build();
            channel.pipeline().addLast(handler, new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRegistered(ChannelHandlerContext context) {
                    if (moment == Moment.CONNECTING) {
                        // A client has no connection yet; one task later it has.
                        context.channel().eventLoop().schedule(
                                () -> context.channel().close(), 2, TimeUnit.MILLISECONDS);
                    }
                    context.fireChannelRegistered();
                }

                @Override
                public void channelActive(ChannelHandlerContext context) {
                    if (moment == Moment.ACTIVE) {
                        context.channel().close();
                    }
                    context.fireChannelActive();
                }
            });
            handlers.add(handler);
        });
    }

    private static QuicSetup watching(BlockingQueue<QuicShutdownHandler> handlers) {
        return new QuicSetup().connectionPipeline(channel -> {
            QuicShutdownHandler handler = QuicShutdownHandler.builder().build();
            channel.pipeline().addLast(handler);
            handlers.add(handler);
        });
    }

    private QuicShutdownOutcome server() throws InterruptedException {
        return ShutdownPair.outcome(Waits.next(servers, "a connection of the server").outcome());
    }

    private QuicShutdownOutcome client() throws InterruptedException {
        return ShutdownPair.outcome(Waits.next(clients, "a connection of the client").outcome());
    }

    private void connect(QuicSetup clientSetup, QuicSetup serverSetup, double loss, long seed) throws Exception {
        try (QuicServer server = serverSetup.server();
                UdpFaultRelay relay = UdpFaultRelay.to(server.address()).seed(seed)
                        .delay(Direction.TO_SERVER, Duration.ofMillis(5))
                        .delay(Direction.TO_CLIENT, Duration.ofMillis(5))
                        .loss(Direction.TO_SERVER, loss)
                        .loss(Direction.TO_CLIENT, loss)
                        .start();
                QuicClient client = clientSetup.client()) {
            client.start(relay.address());
            near = client();
            far = server();
        }
    }

    @Test
    void a_client_that_closes_before_anything_came_waits_for_the_first_packet_and_tells_the_server() throws Exception {
        for (int run = 0; run < RUNS; run++) {
            connect(closing(Moment.CONNECTING, StreamFlush.ACKNOWLEDGED, clients), watching(servers), 0, run);
            assertThat(near.result()).as("%s", near).isEqualTo(ShutdownResult.ABORTED);
            assertThat(near.delivery()).isEqualTo(QuicCloseDelivery.ON_WIRE);
            // The first packets of the server may complete the handshake: then the code need not be hidden.
            assertThat(far.close()).as("%s", far).isEqualTo(near.close()).isIn(HIDDEN, BYE);
        }
    }

    @Test
    void a_server_that_closes_before_the_handshake_is_done_tells_the_client_without_code_and_reason()
            throws Exception {
        for (int run = 0; run < RUNS; run++) {
            connect(watching(clients), closing(Moment.CONNECTING, StreamFlush.ACKNOWLEDGED, servers), 0, run);
            assertThat(far.delivery()).as("%s", far).isEqualTo(QuicCloseDelivery.ON_WIRE);
            // On a slow machine the handshake is done first, and nothing need be hidden.
            assertThat(far.close()).isEqualTo(far.result() == ShutdownResult.ABORTED ? HIDDEN : BYE);
            assertThat(near.close()).as("%s", near).isEqualTo(far.close());
        }
    }

    @ParameterizedTest
    @EnumSource(StreamFlush.class)
    void a_client_that_closes_as_it_becomes_active_tells_the_server_code_and_reason(StreamFlush flush)
            throws Exception {
        for (int run = 0; run < RUNS; run++) {
            connect(closing(Moment.ACTIVE, flush, clients), watching(servers), 0, run);
            assertThat(near.result()).as("%s", near).isEqualTo(ShutdownResult.CLEAN);
            assertThat(far.close()).as("%s", far).isEqualTo(BYE);
        }
    }

    @ParameterizedTest
    @EnumSource(StreamFlush.class)
    void a_server_that_closes_as_it_becomes_active_tells_the_client_code_and_reason(StreamFlush flush)
            throws Exception {
        for (int run = 0; run < RUNS; run++) {
            connect(watching(clients), closing(Moment.ACTIVE, flush, servers), 0, run);
            assertThat(far.result()).as("%s", far).isEqualTo(ShutdownResult.CLEAN);
            assertThat(near.close()).as("%s", near).isEqualTo(BYE);
        }
    }

    @Test
    void a_channel_closed_before_it_connects_has_an_outcome_too() throws Exception {
        try (QuicClient client = new QuicSetup().connectionPipeline(channel -> {
            QuicShutdownHandler handler = QuicShutdownHandler.builder().build();
            channel.pipeline().addLast(handler, new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRegistered(ChannelHandlerContext context) {
                    context.channel().close();
                }
            });
            clients.add(handler);
        }).client()) {
            client.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9));
            near = client();
            assertThat(near.result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(near.delivery()).isEqualTo(QuicCloseDelivery.NOT_SENT);
        }
    }

    @Test
    void a_client_whose_server_never_answers_gives_up_and_says_that_nothing_was_sent() throws Exception {
        QuicSetup closing = closing(Moment.CONNECTING, QuicShutdownPolicy.compliant().toBuilder()
                .closeTimeout(IMPATIENCE).close(BYE).build(), clients);
        try (QuicServer server = watching(servers).server();
                UdpFaultRelay relay = UdpFaultRelay.to(server.address()).start();
                QuicClient client = closing.client()) {
            relay.block(Direction.TO_SERVER);
            client.start(relay.address());
            near = client();
            assertThat(near.result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(near.delivery()).isEqualTo(QuicCloseDelivery.NOT_SENT);
        }
    }
}
