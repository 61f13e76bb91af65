package io.closenotify.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicConnectionCloseEvent;
import io.netty.incubator.codec.quic.QuicStreamType;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is reached in the codec is there, and the handler refuses to be where it cannot work. */
class QuicheCodecTest {

    private static EventLoopGroup group;
    private static QuicPair pair;
    private static QuicChannel client;

    @BeforeAll
    static void connect() throws Exception {
        group = new NioEventLoopGroup(1);
        pair = new QuicPair(group, NioDatagramChannel.class, channel -> { });
        client = pair.connect().get(5, TimeUnit.SECONDS);
    }

    @AfterAll
    static void close() {
        pair.close();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }

    private static <T> T onLoop(Callable<T> task) throws Exception {
        return group.next().submit(task).get(5, TimeUnit.SECONDS);
    }

    @Test
    void the_codec_on_the_class_path_has_all_that_is_needed() {
        assertThatCode(QuicheCodec::handles).doesNotThrowAnyException();
        Set<String> missing = Arrays.stream(QuicheCodec.Handles.class.getDeclaredFields())
                .filter(field -> {
                    try {
                        return field.get(QuicheCodec.handles()) == null;
                    } catch (IllegalAccessException e) {
                        throw new IllegalStateException(e);
                    }
                })
                .map(field -> field.getName()).collect(Collectors.toSet());
        assertThat(missing).isEmpty();
    }

    @Test
    void what_is_read_of_a_connection_makes_sense() throws Exception {
        QuicheConnection connection = new QuicheConnection(client);
        onLoop(() -> {
            assertThat(connection.exists()).isTrue();
            assertThat(connection.isEstablished()).isTrue();
            assertThat(connection.timeoutNanos()).isBetween(1L, TimeUnit.SECONDS.toNanos(6));
            assertThat(connection.packetsSent()).isPositive();
            assertThat(connection.packetsReceived()).isPositive();
            assertThat(connection.rttNanos()).isBetween(1_000L, TimeUnit.SECONDS.toNanos(2));
            assertThat(connection.maxAckDelayNanos()).isEqualTo(25_000_000);
            assertThat(connection.maxUdpPayload()).isBetween(1200, 65_527);
            assertThat(connection.destinationId()).hasSizeBetween(1, 20);
            assertThat(connection.sourceIds()).isNotEmpty()
                    .allMatch(id -> id.remaining() == connection.sourceIdLength());
            assertThat(connection.hasUnreadData()).isFalse();
            assertThat(connection.queuedBytes()).isZero();
            return null;
        });
    }

    @Test
    void a_connection_that_has_ended_is_not_reached_into() throws Exception {
        QuicChannel ended = pair.connect().get(5, TimeUnit.SECONDS);
        assertThat(ended.close().await(5, TimeUnit.SECONDS)).isTrue();
        QuicheConnection connection = new QuicheConnection(ended);
        onLoop(() -> {
            assertThat(connection.exists()).isFalse();
            assertThat(connection.isEstablished()).isFalse();
            assertThat(connection.timeoutNanos()).isNegative();
            assertThat(connection.rttNanos()).isZero();
            assertThat(connection.packetsReceived()).isZero();
            assertThat(connection.maxUdpPayload()).isZero();
            assertThat(connection.destinationId()).isEmpty();
            assertThat(connection.sourceIdLength()).isZero();
            assertThat(connection.hasUnreadData()).isFalse();
            assertThat(connection.inFlightEstimate()).isEqualTo(QuicheConnection.UNKNOWN);
            connection.pump();
            connection.close(true, 0, new byte[0]);
            connection.resetStream(0, 0);
            return null;
        });
    }

    @Test
    void a_handler_on_a_stream_fails_and_names_what_to_use_instead() throws Exception {
        BlockingQueue<Throwable> caught = new LinkedBlockingQueue<>();
        QuicShutdownHandler handler = QuicShutdownHandler.builder().build();
        Channel stream = client.createStream(QuicStreamType.BIDIRECTIONAL, new Catcher(caught))
                .get(5, TimeUnit.SECONDS);
        onLoop(() -> stream.pipeline().addFirst(handler));
        assertThat(caught.poll(5, TimeUnit.SECONDS)).rootCause().isInstanceOf(IllegalStateException.class)
                .hasMessage("a stream is not shut down, only a connection is: conclude the stream by"
                        + " QuicStreams.conclude, or reset it by QuicStreams.reset");
        assertThat(stream.pipeline().get(QuicShutdownHandler.class)).isNull();
        assertThat(stream.isOpen()).isTrue();
    }

    @Test
    void a_handler_on_a_channel_that_is_not_of_quic_fails_and_tells_what_was_expected() {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline().addLast(QuicShutdownHandler.builder().build());
        assertThatThrownBy(channel::checkException).rootCause().isInstanceOf(IllegalStateException.class)
                .hasMessage("channel: " + channel + " (expected: a QuicChannel of netty-incubator-codec-quic)");
        assertThat(channel.pipeline().get(QuicShutdownHandler.class)).isNull();
        channel.finishAndReleaseAll();
    }

    @Test
    void a_handler_that_was_never_added_has_a_failed_outcome() {
        QuicShutdownFuture outcome = QuicShutdownHandler.builder().build().shutdown();
        assertThat(outcome.isDone()).isTrue();
        assertThat(outcome.cause()).isInstanceOf(IllegalStateException.class)
                .hasMessage("the handler was not added to the pipeline of a QuicChannel");
    }

    @Test
    void only_the_codecs_connections_are_connections() {
        EmbeddedChannel channel = new EmbeddedChannel();
        assertThat(QuicheCodec.isConnection(client)).isTrue();
        assertThat(QuicheCodec.isConnection(channel)).isFalse();
        channel.finishAndReleaseAll();
    }

    @Test
    void close_arguments_are_taken_once() {
        assertThat(QuicheCodec.takeCloseArguments(client)).isNull();
    }

    @Test
    void an_event_without_a_reason_gets_an_empty_one() throws Throwable {
        QuicConnectionCloseEvent broken = (QuicConnectionCloseEvent) QuicheCodec.handles().newEvent.invokeExact(
                true, 7, (byte[]) null);
        assertThatThrownBy(broken::reason).as("the defect that is repaired")
                .isInstanceOf(NullPointerException.class);
        QuicConnectionCloseEvent repaired = QuicheCodec.repaired(broken);
        assertThat(repaired.reason()).isEmpty();
        assertThat(repaired.error()).isEqualTo(7);
        assertThat(repaired.isApplicationClose()).isTrue();
        QuicConnectionCloseEvent whole = (QuicConnectionCloseEvent) QuicheCodec.handles().newEvent.invokeExact(
                false, 8, new byte[] {'x'});
        assertThat(QuicheCodec.repaired(whole)).isSameAs(whole);
    }

    private static final class Catcher extends ChannelInboundHandlerAdapter {

        private final BlockingQueue<Throwable> caught;

        Catcher(BlockingQueue<Throwable> caught) {
            this.caught = caught;
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            caught.add(cause);
        }
    }
}
