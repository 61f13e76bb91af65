package io.closenotify.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@link CloseFrameReader} rests upon: the codec decrypts in the buffer that came through the UDP pipeline. */
@Timeout(60)
class CloseFrameReaderCodecTest {

    private static final long[] CODES = {
        0, 5, 64, 0x7fff_ffffL, 1L << 31, (1L << 32) + 5, QuicConnectionClose.MAX_ERROR_CODE
    };
    /** The codec pads behind the packet, with zeros that pass for a short header packet of PADDING. */
    private static final String INITIAL_AND_PADDING = "I1";

    private static final List<String> REASONS = List.of("", "bye", "Grüße €😀", "x".repeat(1_000));

    enum Transport {
        NIO(NioDatagramChannel.class) {
            @Override
            EventLoopGroup group() {
                return new NioEventLoopGroup(1);
            }
        },
        EPOLL(EpollDatagramChannel.class) {
            @Override
            EventLoopGroup group() {
                Epoll.ensureAvailability();
                return new EpollEventLoopGroup(1);
            }
        };

        final Class<? extends DatagramChannel> channel;

        Transport(Class<? extends DatagramChannel> channel) {
            this.channel = channel;
        }

        abstract EventLoopGroup group();
    }

    @ParameterizedTest
    @EnumSource
    void an_application_close_of_the_client_is_read_in_full(Transport transport) throws Exception {
        for (long code : CODES) {
            for (String reason : REASONS) {
                run(transport, channel -> { }, pair -> {
                    closeFrom(connected(pair), true, code, reason);

                    assertSeen(pair.serverTap, "1", true, code, reason);
                });
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_close_of_the_server_is_read_in_full(Transport transport) throws Exception {
        for (long code : CODES) {
            run(transport, channel -> { }, pair -> {
                connected(pair);
                closeFrom(pair.accepted(), false, code, "Grüße €😀");

                assertSeen(pair.clientTap, "1", false, code, "Grüße €😀");
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_close_behind_stream_data_is_read_in_full(Transport transport) throws Exception {
        run(transport, channel -> { }, pair -> {
            QuicChannel client = connected(pair);
            QuicStreamChannel stream = client.createStream(
                    QuicStreamType.BIDIRECTIONAL, new ChannelInboundHandlerAdapter()).sync().getNow();
            stream.writeAndFlush(Unpooled.wrappedBuffer(new byte[50_000])).sync();
            closeFrom(client, true, (1L << 32) + 5, "bye");

            assertSeen(pair.serverTap, "1", true, (1L << 32) + 5, "bye");
        });
    }

    @ParameterizedTest
    @EnumSource
    void a_close_in_a_handshake_packet_is_read_in_full(Transport transport) throws Exception {
        for (long code : CODES) {
            run(transport, channel -> channel.eventLoop().execute(() -> close(channel, false, code, "no")), pair -> {
                pair.connect();

                assertSeen(pair.clientTap, "H", false, code, "no");
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_close_in_an_initial_packet_with_a_token_is_read_in_full(Transport transport) throws Exception {
        for (long code : CODES) {
            run(transport, channel -> { }, pair -> {
                pair.connect(client -> pair.clientUdp().pipeline().addFirst(
                        new ServerHelloOnly(() -> close(client, false, code, "no"))));

                assertSeen(pair.serverTap, INITIAL_AND_PADDING, false, code, "no");
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_close_in_a_coalesced_datagram_is_read_in_full(Transport transport) throws Exception {
        HeldDatagrams held = new HeldDatagrams();
        Consumer<QuicChannel> closeAtOnce = channel -> {
            held.hold();
            channel.eventLoop().execute(() -> {
                close(channel, false, (1L << 32) + 5, "no");
                held.release();
            });
        };
        run(transport, closeAtOnce, pair -> {
            pair.serverUdp().pipeline().addFirst(held);
            pair.connect();

            assertSeen(pair.clientTap, "IHHH", false, (1L << 32) + 5, "no");
        });
    }

    @ParameterizedTest
    @EnumSource
    void a_datagram_in_the_heap_is_decrypted_in_a_copy_and_shows_nothing(Transport transport) throws Exception {
        run(transport, channel -> { }, pair -> {
            ChannelPipeline pipeline = pair.serverUdp().pipeline();
            pipeline.addAfter(pipeline.context(pair.serverTap).name(), null, new HeapCopy());
            closeFrom(connected(pair), true, 5, "bye");

            assertThat(pair.serverTap.seen().poll(5, TimeUnit.SECONDS))
                    .isEqualTo(new CloseTap.Seen(true, 5, List.of(), "1", true));
        });
    }

    @ParameterizedTest
    @EnumSource
    void the_longest_reason_that_fits_by_the_bound_arrives_whole(Transport transport) throws Exception {
        for (long code : CODES) {
            int max = ReasonPhrase.maxBytes(1_200, 20, QuicConnectionClose.application(code, ""));
            String reason = "y".repeat(max);
            run(transport, channel -> { }, pair -> {
                closeFrom(connected(pair), true, code, reason);

                assertSeen(pair.serverTap, "1", true, code, reason);
            });
        }
    }

    private interface Step {
        void run(QuicPair pair) throws Exception;
    }

    private static void run(Transport transport, Consumer<QuicChannel> onAccept, Step step) throws Exception {
        EventLoopGroup group = transport.group();
        try (QuicPair pair = new QuicPair(group, transport.channel, onAccept)) {
            step.run(pair);
        } finally {
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        }
    }

    private static QuicChannel connected(QuicPair pair) throws InterruptedException {
        return pair.connect().sync().getNow();
    }

    private static void closeFrom(QuicChannel channel, boolean application, long code, String reason)
            throws InterruptedException {
        channel.eventLoop().submit(() -> close(channel, application, code, reason)).sync();
    }

    private static void close(QuicChannel channel, boolean application, long code, String reason) {
        NativeClose.close(channel, application, code, reason.getBytes(StandardCharsets.UTF_8));
    }

    private static void assertSeen(CloseTap tap, String packets, boolean application, long code, String reason)
            throws InterruptedException {
        ByteBuffer bytes = ByteBuffer.wrap(reason.getBytes(StandardCharsets.UTF_8));
        assertThat(tap.seen().poll(5, TimeUnit.SECONDS)).isEqualTo(new CloseTap.Seen(
                application, (int) code, List.of(new CloseFrame(application, code, bytes)), packets, true));
    }

    /**
     * Lets Retry and the Initial packet of the second datagram through, then runs a task: a client of quiche sends no
     * close before it has read a packet, and none in an Initial packet once it has sent a Handshake packet.
     */
    private static final class ServerHelloOnly extends ChannelInboundHandlerAdapter {

        private final Runnable task;
        private int datagrams;

        ServerHelloOnly(Runnable task) {
            this.task = task;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            datagrams++;
            if (datagrams > 2) {
                ReferenceCountUtil.release(msg);
            } else if (datagrams == 2) {
                ByteBuf datagram = ((DatagramPacket) msg).content();
                datagram.writerIndex(endOfInitial(datagram));
                ctx.fireChannelRead(msg);
                task.run();
            } else {
                ctx.fireChannelRead(msg);
            }
        }

        private static int endOfInitial(ByteBuf datagram) {
            BoundedCursor cursor = BoundedCursor.of(datagram, datagram.readerIndex(), datagram.readableBytes());
            cursor.skip(5);
            cursor.skip(cursor.readByte());
            cursor.skip(cursor.readByte());
            cursor.skip(cursor.readVarint());
            cursor.skip(cursor.readVarint());
            return datagram.writerIndex() - cursor.remaining();
        }
    }

    private static final class HeapCopy extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            DatagramPacket packet = (DatagramPacket) msg;
            ctx.fireChannelRead(packet.replace(Unpooled.copiedBuffer(packet.content())));
            packet.release();
        }
    }
}
