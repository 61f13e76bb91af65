package io.closenotify.testsuite.quic;

import static io.closenotify.testsuite.quic.Closes.AT_ONCE;
import static io.closenotify.testsuite.quic.Closes.BYE;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.Protocol;
import io.closenotify.ShutdownResult;
import io.closenotify.drain.Drain;
import io.closenotify.drain.DrainPolicy;
import io.closenotify.drain.DrainReport;
import io.closenotify.quic.LingeringEntries;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicLingerHandler;
import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testkit.DatagramRule;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.OtherAddress;
import io.closenotify.testkit.RelayedDatagram;
import io.closenotify.testsuite.Waits;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The closing period: the close is repeated for a peer that missed it, sparingly, and by one small entry. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class LingerTest {

    private static final int LATE = 100;

    private static ShutdownPair recorded() throws InterruptedException {
        return new ShutdownPair(ShutdownPair.setup(), ShutdownPair.setup(), relay -> relay.record(10_000));
    }

    private static QuicConnectionClose toldTo(OurConnection peer) throws InterruptedException {
        return ShutdownPair.outcome(ShutdownPair.handler(peer).outcome()).close();
    }

    /** A packet with a short header that went that way; all up to it are taken from the recording. */
    private static byte[] packet(ShutdownPair pair, Direction direction) throws InterruptedException {
        for (;;) {
            RelayedDatagram next = Waits.next(pair.relay().recording(), "a packet " + direction);
            if (next.direction() == direction && next.bytes()[0] >= 0) {
                return next.bytes();
            }
        }
    }

    /** Exchanges data, so that packets of both directions were recorded, and lets the acknowledgements come. */
    private static void talk(ShutdownPair pair) throws InterruptedException {
        OurStream stream = pair.near().open(QuicStreamType.BIDIRECTIONAL);
        stream.writeAndFinish(new byte[100]);
        OurStream far = pair.far().nextStream();
        far.writeAndFinish(new byte[100]);
        stream.awaitFin();
        ShutdownPair.letPass(pair.near(), Duration.ofMillis(60));
    }

    private static List<byte[]> drained(BlockingQueue<RelayedDatagram> recording, Direction direction) {
        List<RelayedDatagram> all = new ArrayList<>();
        recording.drainTo(all);
        return all.stream().filter(one -> one.direction() == direction).map(RelayedDatagram::bytes).toList();
    }

    @ParameterizedTest(name = "the first {0} lost")
    @ValueSource(ints = {1, 3})
    void a_peer_that_talks_learns_of_a_close_of_which_the_first_were_lost(int lost) throws Exception {
        try (ShutdownPair pair = ShutdownPair.overLossyPath(1, 0)) {
            pair.near().open(QuicStreamType.BIDIRECTIONAL).write(10);
            OurStream far = pair.far().nextStream();
            ScheduledFuture<?> talking = pair.far().channel().eventLoop().scheduleAtFixedRate(
                    () -> far.write(10), 0, 5, TimeUnit.MILLISECONDS);
            ShutdownPair.letPass(pair.near(), Duration.ofMillis(100));
            // Acknowledgements of the client count as well: only what leaves after its close matters.
            pair.near().channel().eventLoop().execute(() -> pair.relay().addRule(new DatagramRule() {
                private int left = lost;

                @Override
                public Verdict decide(Datagram datagram) {
                    return datagram.direction() == Direction.TO_SERVER && left-- > 0
                            ? Verdict.DROP : Verdict.UNDECIDED;
                }
            }));
            pair.shutdown(AT_ONCE);
            assertThat(toldTo(pair.far())).isEqualTo(BYE);
            talking.cancel(false);
        }
    }

    @Test
    void a_hundred_late_packets_get_at_most_seven_answers_each_the_same_datagram() throws Exception {
        try (ShutdownPair pair = recorded()) {
            talk(pair);
            InetSocketAddress client = pair.relay().clients().get(0);
            byte[] late = packet(pair, Direction.TO_CLIENT);
            drained(pair.relay().recording(), Direction.TO_SERVER);
            ShutdownPair.outcome(pair.shutdown(AT_ONCE));
            for (int packet = 0; packet < LATE; packet++) {
                pair.relay().send(Direction.TO_CLIENT, client, Unpooled.wrappedBuffer(late));
            }
            Waits.done(pair.linger().idle());
            List<byte[]> sent = drained(pair.relay().recording(), Direction.TO_SERVER);
            assertThat(sent).hasSizeBetween(2, 8).allSatisfy(one -> assertThat(one).isEqualTo(sent.get(0)));
            assertThat((sent.size() - 1) * sent.get(0).length).isLessThanOrEqualTo(3 * LATE * late.length);
        }
    }

    @Test
    void late_packets_from_another_address_are_never_answered_with_more_than_three_times_their_bytes()
            throws Exception {
        try (ShutdownPair pair = recorded()) {
            talk(pair);
            byte[] late = packet(pair, Direction.TO_SERVER);
            QuicShutdownFuture closed = ShutdownPair.handler(pair.far()).shutdown(AT_ONCE.toBuilder()
                    .close(QuicConnectionClose.application(1, "x".repeat(1_000))).build());
            assertThat(ShutdownPair.outcome(closed).result()).isEqualTo(ShutdownResult.CLEAN);
            List<OtherAddress> others = new ArrayList<>();
            for (int packet = 0; packet < 8; packet++) {
                others.add(pair.relay().sendFromOtherAddress(Unpooled.wrappedBuffer(late)));
            }
            Waits.done(QuicLingerHandler.of(pair.server().datagrams()).idle());
            for (OtherAddress other : others) {
                int bytes = other.received().stream().mapToInt(answer -> answer.length).sum();
                assertThat(bytes).isLessThanOrEqualTo(3 * late.length);
            }
        }
    }

    @Test
    void a_rapid_close_is_one_datagram_whatever_comes_after() throws Exception {
        try (ShutdownPair pair = recorded()) {
            talk(pair);
            InetSocketAddress client = pair.relay().clients().get(0);
            byte[] late = packet(pair, Direction.TO_CLIENT);
            drained(pair.relay().recording(), Direction.TO_SERVER);
            ShutdownPair.outcome(pair.shutdown(QuicShutdownPolicy.rapid()));
            for (int packet = 0; packet < LATE; packet++) {
                pair.relay().send(Direction.TO_CLIENT, client, Unpooled.wrappedBuffer(late));
            }
            Waits.done(pair.linger().idle());
            assertThat(drained(pair.relay().recording(), Direction.TO_SERVER)).hasSize(1);
        }
    }

    @Test
    void a_rapid_close_can_be_strengthened_while_its_closing_period_would_last() throws Exception {
        try (ShutdownPair pair = new ShutdownPair(ShutdownPair.setup(), ShutdownPair.setup(),
                relay -> relay.record(10_000).delay(Direction.TO_CLIENT, Duration.ofMillis(50)))) {
            talk(pair);
            InetSocketAddress client = pair.relay().clients().get(0);
            byte[] late = packet(pair, Direction.TO_CLIENT);
            ShutdownPair.letPass(pair.near(), Duration.ofMillis(60));
            drained(pair.relay().recording(), Direction.TO_SERVER);
            pair.relay().block(Direction.TO_SERVER);
            ShutdownPair.outcome(pair.shutdown(QuicShutdownPolicy.rapid()));
            pair.relay().unblock(Direction.TO_SERVER);
            pair.shutdown(QuicShutdownPolicy.compliant());
            Waits.done(pair.near().channel().eventLoop().submit(() -> { }));
            pair.relay().send(Direction.TO_CLIENT, client, Unpooled.wrappedBuffer(late));
            assertThat(toldTo(pair.far())).isEqualTo(QuicConnectionClose.application(0, ""));
        }
    }

    @Test
    void an_idle_peer_learns_of_a_lost_close_by_an_extra_copy() throws Exception {
        try (ShutdownPair pair = recorded()) {
            talk(pair);
            pair.relay().dropNext(Direction.TO_SERVER, 1);
            pair.shutdown(AT_ONCE.toBuilder().extraCopies(2).build());
            assertThat(toldTo(pair.far())).isEqualTo(BYE);
            Waits.done(pair.linger().idle());
        }
    }

    @Test
    void after_the_closing_period_a_late_packet_gets_a_stateless_reset_if_asked_for() throws Exception {
        try (ShutdownPair pair = recorded()) {
            talk(pair);
            byte[] late = packet(pair, Direction.TO_SERVER);
            ShutdownPair.outcome(ShutdownPair.handler(pair.far()).shutdown(AT_ONCE.toBuilder()
                    .statelessReset(Duration.ofSeconds(5)).build()));
            // Until the period is over the answers are the close itself, or none.
            byte[] answer;
            do {
                OtherAddress other = pair.relay().sendFromOtherAddress(Unpooled.wrappedBuffer(late));
                answer = other.received().poll(50, TimeUnit.MILLISECONDS);
            } while (answer == null || answer.length >= late.length);
            assertThat(answer.length).isBetween(21, late.length - 1);
            assertThat(answer[0] & 0xc0).isEqualTo(0x40);
        }
    }

    @Test
    void other_connections_of_the_same_udp_channel_go_on() throws Exception {
        try (QuicServer server = ShutdownPair.setup().server(); QuicClient client = ShutdownPair.setup().client()) {
            OurConnection one = client.connect(server.address());
            OurConnection other = client.connect(server.address());
            Waits.done(ShutdownPair.handler(one).shutdown());
            OurStream stream = other.open(QuicStreamType.BIDIRECTIONAL);
            ChannelFuture written = stream.writeAndFinish(new byte[50_000]);
            assertThat(Waits.done(written).isSuccess()).isTrue();
            Waits.done(ShutdownPair.handler(other).shutdown());
            server.next();
            OurStream received = server.next().nextStream();
            received.awaitFin();
            assertThat(received.bytes()).isEqualTo(50_000);
        }
    }

    @Test
    void a_connection_whose_first_datagram_is_in_the_hands_of_the_loop_is_refused_too() throws Exception {
        QuicSetup setup = ShutdownPair.setup().datagramPipeline(channel ->
                channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext context, Object datagram) {
                        CompletableFuture.runAsync(QuicLingerHandler.of(context.channel())::refuseConnections).join();
                        context.fireChannelRead(datagram);
                    }
                }));
        try (QuicServer server = setup.server(); QuicClient client = ShutdownPair.setup().client()) {
            assertRefused(client.attempt(server.address()));
        }
    }

    private static void assertRefused(QuicShutdownHandler attempt) throws InterruptedException {
        assertThat(ShutdownPair.outcome(attempt.outcome()).close())
                .isEqualTo(QuicConnectionClose.transport(QuicConnectionClose.CONNECTION_REFUSED, ""));
    }

    @Test
    void a_server_that_drains_refuses_new_connections_and_closes_the_others_with_their_code() throws Exception {
        QuicSetup setup = ShutdownPair.setup(QuicShutdownPolicy.compliant().toBuilder().close(BYE).build());
        try (QuicServer server = setup.server(); QuicClient client = ShutdownPair.setup().client()) {
            List<OurConnection> open = new ArrayList<>();
            for (int connection = 0; connection < 20; connection++) {
                open.add(client.connect(server.address()));
            }
            QuicLingerHandler linger = QuicLingerHandler.of(server.datagrams());
            linger.refuseConnections();
            assertRefused(client.attempt(server.address()));
            for (OurConnection connection : open) {
                assertThat(connection.channel().isActive()).isTrue();
            }
            DrainReport report = Waits.done(Drain.builder()
                    .policy(DrainPolicy.atOnce().toBuilder().spread(Duration.ofMillis(200)).build())
                    .server(linger.drainable())
                    .build().start()).getNow();
            assertThat(report.count(Protocol.QUIC, ShutdownResult.CLEAN)).isEqualTo(20);
            assertThat(report.connections()).isEqualTo(20);
            for (OurConnection connection : open) {
                assertThat(toldTo(connection)).isEqualTo(BYE);
            }
            assertThat(server.datagrams().isOpen()).isFalse();
        }
    }

    @Test
    void what_is_left_of_refused_clients_keeps_no_server_from_being_idle() throws Exception {
        try (QuicServer server = ShutdownPair.setup().server(); QuicClient client = ShutdownPair.setup().client()) {
            QuicLingerHandler linger = QuicLingerHandler.of(server.datagrams());
            Waits.done(server.datagrams().eventLoop().submit(linger::refuseConnections));
            assertThat(ShutdownPair.outcome(client.attempt(server.address()).outcome()).close())
                    .isEqualTo(QuicConnectionClose.transport(QuicConnectionClose.CONNECTION_REFUSED, ""));
            // The client may know before the server's loop has put the entry in.
            Boolean idle = null;
            for (int look = 0; idle == null && look < 1_000; look++) {
                idle = Waits.done(server.datagrams().eventLoop().submit(
                        () -> LingeringEntries.count(linger) > 0 ? linger.idle().isDone() : null)).getNow();
            }
            assertThat(idle).isTrue();
        }
    }
}
