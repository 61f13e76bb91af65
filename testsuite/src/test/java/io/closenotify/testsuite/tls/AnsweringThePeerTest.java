package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.tls.SocketPair.Transport;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The peer's close_notify right behind its request: the answer goes out before ours does. */
@ExtendWith(LeakAndLogCheck.class)
class AnsweringThePeerTest {

    private static final int ANSWER = 2_000_000;

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    static Stream<Arguments> setupsRolesAndFin() {
        return setups().stream().flatMap(setup -> Stream.of(true, false).flatMap(client ->
                Stream.of(true, false).map(fin -> Arguments.of(setup, client, fin))));
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_request_that_came_with_close_notify_in_one_segment_is_answered(TlsSetup setup) {
        for (boolean client : List.of(true, false)) {
            Recorder application = new Answering(ANSWER, false);
            try (EmbeddedTlsPair pair = new EmbeddedTlsPair(setup, client,
                    ShutdownPolicy.bidirectional(), application)) {
                pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[100]));
                pair.peerSendsCloseNotify();
                pair.exchange();
                assertThat(pair.peerApplication.bytes).hasValue(ANSWER);
                assertThat(pair.alertsFromUs(setup)).isEqualTo(1);
                ShutdownOutcome outcome = application.outcomes.element();
                assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
                assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.PEER);
                pair.advance(PeerBehaviour.atMost());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void an_answer_that_is_flushed_when_the_read_is_complete_is_in_time(TlsSetup setup) {
        Recorder application = new Answering(ANSWER, true);
        try (EmbeddedTlsPair pair = new EmbeddedTlsPair(setup, false, ShutdownPolicy.bidirectional(), application)) {
            pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[100]));
            pair.peerSendsCloseNotify();
            pair.exchange();
            // The JDK's TLS 1.2 answers inside the read, as RFC 5246 7.2.1 wants, and the write promise says so.
            assertThat(pair.handler.capabilities().answersAfterApplication())
                    .isEqualTo(setup.tls13() || setup.boringSsl());
            boolean inTime = pair.handler.capabilities().answersAfterApplication();
            assertThat(pair.peerApplication.bytes).hasValue(inTime ? ANSWER : 0);
            assertThat(((Answering) application).written).isEqualTo(inTime);
            pair.advance(PeerBehaviour.atMost());
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_close_notify_in_the_same_segment_as_the_end_of_the_handshake_is_seen(TlsSetup setup) {
        Recorder application = new Recorder();
        EmbeddedChannel client = new EmbeddedChannel(setup.with(SslProvider.JDK).handler(true), new Recorder());
        EmbeddedChannel server = new EmbeddedChannel(setup.handler(false), TlsShutdownHandler.builder().build(),
                application);
        server.freezeTime();
        SslHandler ssl = client.pipeline().get(SslHandler.class);
        ssl.handshakeFuture().addListener(done -> ssl.closeOutbound());
        for (ByteBuf flight = flight(client); flight.isReadable(); flight = flight(client)) {
            server.writeInbound(flight);
            server.runPendingTasks();
            client.writeInbound(flight(server));
            client.runPendingTasks();
        }
        ShutdownOutcome outcome = application.outcomes.element();
        assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.PEER);
        assertThat(application.exceptions).isEmpty();
        server.advanceTimeBy(1, TimeUnit.MINUTES);
        server.runScheduledPendingTasks();
        server.finishAndReleaseAll();
        client.finishAndReleaseAll();
    }

    /** A server of TLS 1.2 ends the handshake: what the client wrote while it ran is not cut off by the answer. */
    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"JDK", "OPENSSL"})
    void a_close_notify_in_the_same_segment_as_the_end_of_the_handshake_cuts_nothing_off(SslProvider provider) {
        TlsSetup setup = new TlsSetup(provider, "TLSv1.2");
        Recorder application = new Recorder();
        Recorder peer = new Recorder();
        EmbeddedChannel server = new EmbeddedChannel(setup.with(SslProvider.JDK).handler(false), peer);
        EmbeddedChannel client = new EmbeddedChannel(setup.handler(true), TlsShutdownHandler.builder().build(),
                application);
        client.freezeTime();
        SslHandler ssl = server.pipeline().get(SslHandler.class);
        ssl.handshakeFuture().addListener(done -> ssl.closeOutbound());
        ChannelFuture written = client.writeAndFlush(Unpooled.wrappedBuffer(new byte[1000]));
        for (ByteBuf flight = flight(client); flight.isReadable(); flight = flight(client)) {
            server.writeInbound(flight);
            server.runPendingTasks();
            client.writeInbound(flight(server));
            client.runPendingTasks();
        }
        ShutdownOutcome outcome = application.outcomes.element();
        assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(written.isSuccess()).isTrue();
        assertThat(peer.bytes).hasValue(1000);
        client.advanceTimeBy(1, TimeUnit.MINUTES);
        client.runScheduledPendingTasks();
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
    }

    private static ByteBuf flight(EmbeddedChannel channel) {
        ByteBuf flight = Unpooled.buffer();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            flight.writeBytes(part);
            part.release();
        }
        return flight;
    }

    @ParameterizedTest
    @MethodSource("setupsRolesAndFin")
    void two_megabytes_of_answer_arrive_with_and_without_fin(TlsSetup setup, boolean client, boolean fin)
            throws Exception {
        for (Transport transport : Transport.values()) {
            Recorder peer = new Recorder();
            try (SocketPair pair = SocketPair.open(transport, setup, client,
                    ShutdownPolicy.bidirectional(), new Answering(ANSWER, false), peer)) {
                pair.peer.eventLoop().submit(() -> {
                    SslHandler ssl = pair.peer.pipeline().get(SslHandler.class);
                    pair.peer.write(Unpooled.wrappedBuffer(new byte[100]));
                    pair.peer.flush();
                    ssl.closeOutbound().addListener((ChannelFutureListener) sent -> {
                        if (fin) {
                            ((DuplexChannel) pair.peer).shutdownOutput();
                        }
                    });
                });
                ShutdownOutcome outcome = pair.ourApplication.outcome();
                assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.CLEAN);
                Waits.done(pair.peer.closeFuture());
                assertThat(peer.bytes).as(transport + " " + outcome).hasValue(ANSWER);
                assertThat(peer.exceptions).isEmpty();
            }
        }
    }

    /** Answers a request of 100 bytes. */
    private static final class Answering extends Recorder {

        private final int size;
        private final boolean flushesLate;
        private long read;
        private boolean written;

        Answering(int size, boolean flushesLate) {
            this.size = size;
            this.flushesLate = flushesLate;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            read += ((ByteBuf) message).readableBytes();
            super.channelRead(context, message);
            if (read == 100) {
                context.write(Unpooled.wrappedBuffer(new byte[size]))
                        .addListener(done -> written = done.isSuccess());
                if (!flushesLate) {
                    context.flush();
                }
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            if (flushesLate) {
                context.flush();
            }
            context.fireChannelReadComplete();
        }
    }
}
