package io.closenotify.testsuite.quic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.QuicStreams;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.Waits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicConnectionCloseEvent;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.incubator.codec.quic.QuicStreamType;
import java.time.Duration;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The recipe for QUIC in docs/migration.md: what the code before it does, and what the code after it does. */
@ExtendWith(LeakAndLogCheck.class)
class MigrationTest {

    private static final int BYTES = 1_000_000;

    private static ChannelFuture before(QuicChannel quicChannel, QuicStreamChannel stream, ByteBuf lastData) {
        // docs: begin quic-before
        return stream.writeAndFlush(lastData).addListener(written -> {
            stream.shutdownOutput();
            quicChannel.close(true, 7, Unpooled.copiedBuffer("done", UTF_8));
        });
        // docs: end quic-before
    }

    private static void install(QuicChannel quicChannel) {
        // docs: begin quic-install
        QuicShutdownPolicy policy = QuicShutdownPolicy.compliant().toBuilder()
                .close(QuicConnectionClose.application(7, "done"))
                .build();
        quicChannel.pipeline().addFirst(QuicShutdownHandler.builder().policy(policy).build());
        // docs: end quic-install
    }

    private static ChannelFuture after(QuicChannel quicChannel, QuicStreamChannel stream, ByteBuf lastData) {
        // docs: begin quic-after
        QuicStreams.conclude(stream, lastData);   // the FIN goes with the last data
        return quicChannel.close();               // every byte acknowledged, then CONNECTION_CLOSE
        // docs: end quic-after
    }

    private static ShutdownPair pair(QuicSetup client, QuicSetup server) throws InterruptedException {
        Duration oneWay = Duration.ofMillis(10);
        return new ShutdownPair(client, server,
                relay -> relay.delay(Direction.TO_SERVER, oneWay).delay(Direction.TO_CLIENT, oneWay));
    }

    private static OurStream send(ShutdownPair pair, BiFunction<QuicStreamChannel, ByteBuf, ChannelFuture> end)
            throws InterruptedException {
        QuicStreamChannel stream = pair.near().open(QuicStreamType.UNIDIRECTIONAL).channel();
        ChannelFuture ended = Waits.done(end.apply(stream, Unpooled.wrappedBuffer(Pattern.bytes(0, BYTES))));
        assertThat(ended.cause()).isNull();
        OurStream received = pair.far().nextStream();
        pair.near().awaitEnd();
        pair.far().awaitEnd();
        return received;
    }

    @Test
    void the_stock_close_loses_the_tail_and_the_peer_is_not_told() throws Exception {
        // Who is not told of the close finds out by its idle timeout.
        QuicSetup server = new QuicSetup().idleTimeout(Duration.ofSeconds(1));
        try (ShutdownPair pair = pair(new QuicSetup(), server)) {
            OurStream received = send(pair, (stream, data) -> before(pair.near().channel(), stream, data));

            assertThat(received.bytes()).isLessThan(BYTES);
            assertThat(pair.far().events()).noneMatch(QuicConnectionCloseEvent.class::isInstance);
        }
    }

    @Test
    void our_close_loses_nothing_and_the_peer_learns_why() throws Exception {
        try (ShutdownPair pair = pair(new QuicSetup().connectionPipeline(MigrationTest::install), new QuicSetup())) {
            OurStream received = send(pair, (stream, data) -> after(pair.near().channel(), stream, data));

            assertThat(received.bytes()).isEqualTo(BYTES);
            assertThat(received.finished()).isTrue();
            assertThat(pair.far().closeReceived()).isEqualTo(CloseFrame.application(7, "done"));
        }
    }
}
