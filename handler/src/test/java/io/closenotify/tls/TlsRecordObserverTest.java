package io.closenotify.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.tls.TlsRecord.Direction;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelOutputShutdownEvent;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the observer tells, however the stream is cut. */
class TlsRecordObserverTest {

    private static final byte[] STREAM = ("\u0016\u0003\u0001\u0000\u0003abc"
            + "\u0014\u0003\u0003\u0000\u0001\u0001"
            + "\u0017\u0003\u0003\u0000\u0000"
            + "\u0017\u0003\u0003\u0001\u0004" + "\u0015".repeat(260)
            + "\u0015\u0003\u0003\u0000\u0002\u0001\u0000").getBytes(ISO_8859_1);
    private static final List<String> RECORDS =
            List.of("22 0301 3", "20 0303 1", "23 0303 0", "23 0303 260", "21 0303 2");

    private final List<String> seen = new ArrayList<>();
    private final long nanos = 17;
    private final TlsRecordListener listener = new TlsRecordListener() {

        @Override
        public void onRecord(TlsRecord record) {
            assertThat(record.nanoTime()).isEqualTo(nanos);
            seen.add("%s %d %04x %d".formatted(
                    record.direction(), record.contentType(), record.version(), record.length()));
        }

        @Override
        public void onTransportEnd(Direction direction, TransportEnd end, long nanoTime) {
            assertThat(nanoTime).isEqualTo(nanos);
            seen.add(direction + " " + end);
        }

        @Override
        public void onGarbage(Direction direction, long nanoTime) {
            assertThat(nanoTime).isEqualTo(nanos);
            seen.add(direction + " garbage");
        }
    };
    private final EmbeddedChannel channel = new EmbeddedChannel(new TlsRecordObserver(listener, () -> nanos));

    private static List<String> records(Direction direction) {
        return RECORDS.stream().map(record -> direction + " " + record).toList();
    }

    @Test
    void every_record_is_told_once_wherever_the_input_is_cut() {
        for (int cut = 0; cut <= STREAM.length; cut++) {
            seen.clear();
            channel.writeInbound(Unpooled.copiedBuffer(STREAM, 0, cut));
            channel.writeInbound(Unpooled.copiedBuffer(STREAM, cut, STREAM.length - cut));
            assertThat(seen).as("cut at %d", cut).isEqualTo(records(Direction.RECEIVED));
            assertPassed(channel.readInbound(), channel.readInbound());
        }
    }

    @Test
    void every_record_is_told_once_wherever_the_output_is_cut() {
        for (int cut = 0; cut <= STREAM.length; cut++) {
            seen.clear();
            channel.writeOutbound(Unpooled.copiedBuffer(STREAM, 0, cut));
            channel.writeOutbound(Unpooled.copiedBuffer(STREAM, cut, STREAM.length - cut));
            assertThat(seen).as("cut at %d", cut).isEqualTo(records(Direction.SENT));
            assertPassed(channel.readOutbound(), channel.readOutbound());
        }
    }

    private static void assertPassed(ByteBuf first, ByteBuf second) {
        ByteBuf whole = Unpooled.wrappedBuffer(first, second);
        try {
            assertThat(whole).isEqualTo(Unpooled.wrappedBuffer(STREAM));
        } finally {
            whole.release();
        }
    }

    @Test
    void byte_by_byte_every_record_is_told_when_its_header_is_there() {
        for (int i = 0; i < 5; i++) {
            assertThat(seen).isEmpty();
            channel.writeInbound(Unpooled.wrappedBuffer(STREAM, i, 1));
        }
        assertThat(seen).containsExactly("RECEIVED 22 0301 3");
    }

    @Test
    void garbage_is_told_once_and_passed_on() {
        byte[] garbage = "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(ISO_8859_1);
        channel.writeInbound(
                Unpooled.wrappedBuffer(STREAM), Unpooled.wrappedBuffer(garbage), Unpooled.wrappedBuffer(STREAM));

        assertThat(seen).startsWith(records(Direction.RECEIVED).toArray(String[]::new)).hasSize(RECORDS.size() + 1)
                .endsWith("RECEIVED garbage");
        assertThat(channel.inboundMessages()).hasSize(3);
        // The other direction has nothing to do with it.
        channel.writeOutbound(Unpooled.wrappedBuffer(STREAM));
        assertThat(seen).endsWith(records(Direction.SENT).toArray(String[]::new));
    }

    @Test
    void both_half_closes_and_the_close_behind_them_are_two_fins() {
        channel.pipeline().fireUserEventTriggered(ChannelOutputShutdownEvent.INSTANCE);
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        channel.close();

        assertThat(seen).containsExactly("SENT FIN", "RECEIVED FIN");
    }

    @Test
    void our_close_is_a_fin() {
        channel.close();

        assertThat(seen).containsExactly("SENT FIN");
    }

    @Test
    void a_close_without_linger_is_a_reset() {
        EmbeddedChannel abrupt = new EmbeddedChannel() {
            @Override
            public ChannelConfig config() {
                return new DefaultChannelConfig(this) {
                    @Override
                    @SuppressWarnings("unchecked")
                    public <T> T getOption(ChannelOption<T> option) {
                        return option == ChannelOption.SO_LINGER ? (T) Integer.valueOf(0) : super.getOption(option);
                    }
                };
            }
        };
        abrupt.pipeline().addLast(new TlsRecordObserver(listener, () -> nanos));
        abrupt.close();

        assertThat(seen).containsExactly("SENT RST");
    }

    @Test
    void the_end_of_the_channel_that_nobody_here_closed_is_the_peers_fin() {
        channel.pipeline().fireChannelInactive();
        channel.pipeline().fireChannelInactive();

        assertThat(seen).containsExactly("RECEIVED FIN");
    }

    @Test
    void a_transport_that_fails_is_a_reset() {
        channel.pipeline().fireExceptionCaught(new IOException("Connection reset"));
        channel.pipeline().fireChannelInactive();

        assertThat(seen).containsExactly("RECEIVED RST");
        assertThatThrownBy(channel::checkException).hasMessage("Connection reset");
    }

    @Test
    void a_write_that_the_peer_has_reset_is_a_reset_and_one_behind_our_own_fin_is_not() {
        for (IOException failure : List.of(new ClosedChannelException(), new IOException("Broken pipe"))) {
            EmbeddedChannel broken = new EmbeddedChannel(new ChannelOutboundHandlerAdapter() {
                @Override
                public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                    promise.setFailure(failure);
                }
            }, new TlsRecordObserver(listener, () -> nanos));
            assertThat(broken.write(Unpooled.EMPTY_BUFFER).cause()).isSameAs(failure);
        }

        assertThat(seen).containsExactly("RECEIVED RST");
    }
}
