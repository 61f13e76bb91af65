package io.closenotify.quic;

import static io.closenotify.quic.QuicBytes.applicationClose;
import static io.closenotify.quic.QuicBytes.bytes;
import static io.closenotify.quic.QuicBytes.join;
import static io.closenotify.quic.QuicBytes.longHeader;
import static io.closenotify.quic.QuicBytes.shortHeader;
import static io.closenotify.quic.QuicBytes.transportClose;
import static io.closenotify.quic.QuicBytes.varint;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CloseFrameReaderTest {

    private static final int DCID_LENGTH = 20;
    private static final long CODE = (1L << 32) + 5;
    private static final byte[] REASON = "Grüße 😀".getBytes(StandardCharsets.UTF_8);
    private static final byte[] CLOSE = applicationClose(CODE, REASON);
    private static final CloseFrame FRAME = frame(true, CODE, REASON);

    /** One of every kind; those that end with the packet only are left to tests of their own. */
    private static final List<byte[]> OTHER_FRAMES = List.of(
            bytes(0x00),
            bytes(0x01),
            join(bytes(0x02), varint(70_000), varint(3), varint(0), varint(1)),
            join(bytes(0x02), varint(70_000), varint(3), varint(2), varint(1), bytes(1, 2, 3, 4)),
            join(bytes(0x03), varint(70_000), varint(3), varint(1), varint(1), bytes(1, 2), bytes(7, 8, 9)),
            join(bytes(0x04), varint(4), varint(1L << 40), varint(1 << 20)),
            join(bytes(0x05), varint(4), varint(1L << 40)),
            join(bytes(0x06), varint(1_000), varint(100), new byte[100]),
            join(bytes(0x07), varint(3), new byte[3]),
            join(bytes(0x0a), varint(4), varint(CLOSE.length), CLOSE),
            join(bytes(0x0f), varint(4), varint(1 << 20), varint(3), new byte[3]),
            join(bytes(0x10), varint(1 << 20)),
            join(bytes(0x11), varint(4), varint(1 << 20)),
            join(bytes(0x12), varint(100)),
            join(bytes(0x13), varint(100)),
            join(bytes(0x14), varint(100)),
            join(bytes(0x15), varint(4), varint(100)),
            join(bytes(0x16), varint(100)),
            join(bytes(0x17), varint(100)),
            join(bytes(0x18), varint(1), varint(0), bytes(20), new byte[20], new byte[16]),
            join(bytes(0x19), varint(1)),
            join(bytes(0x1a), new byte[8]),
            join(bytes(0x1b), new byte[8]),
            bytes(0x1e),
            join(bytes(0x31), varint(5), new byte[5]));

    @Test
    void a_close_alone_in_a_packet_is_read_with_every_length_of_packet_number() {
        for (int length = 1; length <= 4; length++) {
            assertThat(frames(shortHeader(DCID_LENGTH, length, CLOSE))).containsExactly(FRAME);
        }
    }

    @Test
    void codes_of_every_length_are_read_in_full() {
        for (long code : new long[] {0, 63, 64, 1 << 30, 1L << 31, CODE, QuicConnectionClose.MAX_ERROR_CODE}) {
            assertThat(frames(shortHeader(DCID_LENGTH, 1, applicationClose(code, REASON), new byte[10])))
                    .containsExactly(frame(true, code, REASON));
            assertThat(frames(shortHeader(DCID_LENGTH, 1, transportClose(code, 0x1e, REASON), new byte[10])))
                    .containsExactly(frame(false, code, REASON));
        }
    }

    @Test
    void an_empty_reason_and_one_of_1000_bytes_are_read() {
        for (int length : new int[] {0, 1, 63, 64, 1_000}) {
            byte[] reason = new byte[length];
            Arrays.fill(reason, (byte) 'r');

            assertThat(frames(shortHeader(DCID_LENGTH, 2, applicationClose(CODE, reason))))
                    .containsExactly(frame(true, CODE, reason));
        }
    }

    @Test
    void a_reason_that_is_not_utf_8_is_decoded_with_replacements() {
        byte[] datagram = shortHeader(DCID_LENGTH, 1, applicationClose(CODE, bytes('a', 0xc3, 'b', 0xff)));

        CloseFrame frame = frames(datagram).get(0);

        assertThat(frame.toClose()).isEqualTo(QuicConnectionClose.application(CODE, "a\ufffdb\ufffd"));
        assertThat(frame.reason()).isEqualTo(ByteBuffer.wrap(bytes('a', 0xc3, 'b', 0xff)));
    }

    @Test
    void a_close_is_found_behind_and_before_every_other_frame() {
        for (byte[] other : OTHER_FRAMES) {
            assertThat(frames(shortHeader(DCID_LENGTH, 3, other, CLOSE))).containsExactly(FRAME);
            assertThat(frames(shortHeader(DCID_LENGTH, 3, CLOSE, other))).containsExactly(FRAME);
        }
        byte[] all = join(OTHER_FRAMES.toArray(new byte[0][]));
        assertThat(frames(shortHeader(DCID_LENGTH, 3, all, CLOSE, all))).containsExactly(FRAME);
    }

    @Test
    void what_looks_like_a_close_inside_another_frame_is_not_one() {
        assertThat(frames(shortHeader(DCID_LENGTH, 1, join(bytes(0x08), varint(4), CLOSE)))).isEmpty();
        assertThat(frames(shortHeader(DCID_LENGTH, 1, join(bytes(0x0d), varint(4), varint(9), CLOSE)))).isEmpty();
        assertThat(frames(shortHeader(DCID_LENGTH, 1, join(bytes(0x30), CLOSE)))).isEmpty();
        assertThat(frames(shortHeader(DCID_LENGTH, 1, join(bytes(0x31), varint(CLOSE.length), CLOSE)))).isEmpty();
    }

    @Test
    void a_close_before_a_stream_or_datagram_up_to_the_end_is_read() {
        assertThat(frames(shortHeader(DCID_LENGTH, 1, CLOSE, bytes(0x08, 4, 1, 2, 3)))).containsExactly(FRAME);
        assertThat(frames(shortHeader(DCID_LENGTH, 1, CLOSE, bytes(0x30, 1, 2, 3)))).containsExactly(FRAME);
    }

    @Test
    void closes_in_long_header_packets_are_read() {
        for (int type = 0; type <= 2; type++) {
            byte[] close = transportClose(CODE, 6, REASON);

            assertThat(frames(longHeader(type, 1, 4, new byte[3], close))).containsExactly(frame(false, CODE, REASON));
        }
    }

    @Test
    void retry_version_negotiation_and_other_versions_have_none() {
        assertThat(frames(longHeader(3, 1, 1, CLOSE))).isEmpty();
        assertThat(frames(longHeader(0, 0, 1, CLOSE))).isEmpty();
        assertThat(frames(longHeader(2, 2, 1, CLOSE))).isEmpty();
    }

    @Test
    void every_packet_of_a_coalesced_datagram_is_read() {
        byte[] initial = longHeader(0, 1, 1, transportClose(1, 0, REASON));
        byte[] handshake = longHeader(2, 1, 2, transportClose(2, 0, REASON));
        byte[] oneRtt = shortHeader(DCID_LENGTH, 4, CLOSE);

        assertThat(frames(join(initial, handshake, oneRtt)))
                .containsExactly(frame(false, 1, REASON), frame(false, 2, REASON), FRAME);
    }

    @Test
    void a_packet_that_was_not_decrypted_does_not_hide_the_next() {
        byte[] ciphertext = bytes(0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

        assertThat(frames(join(longHeader(2, 1, 1, ciphertext), shortHeader(DCID_LENGTH, 1, CLOSE))))
                .containsExactly(FRAME);
    }

    @Test
    void a_close_in_a_packet_that_is_not_frames_to_its_end_does_not_count() {
        assertThat(frames(shortHeader(DCID_LENGTH, 1, CLOSE, bytes(0x1f)))).isEmpty();
        assertThat(frames(shortHeader(DCID_LENGTH, 1, CLOSE, bytes(0x32)))).isEmpty();
        assertThat(frames(shortHeader(DCID_LENGTH, 1, CLOSE, varint(1L << 40)))).isEmpty();
        assertThat(frames(shortHeader(DCID_LENGTH, 1, CLOSE, bytes(0x1a, 1)))).isEmpty();
    }

    @Test
    void the_close_that_the_codec_told_of_is_completed() {
        byte[] datagram = shortHeader(DCID_LENGTH, 1, CLOSE);

        assertThat(read(datagram, told(true, 5, "Grüße 😀")))
                .isEqualTo(QuicConnectionClose.application(CODE, "Grüße 😀"));
        assertThat(read(datagram, told(false, 5, "Grüße 😀"))).isNull();
        assertThat(read(datagram, told(true, 6, "Grüße 😀"))).isNull();
        assertThat(read(datagram, told(true, 5, "Grüße"))).isNull();
    }

    @Test
    void a_remainder_of_32_bits_is_compared_without_its_sign() {
        byte[] datagram = shortHeader(DCID_LENGTH, 1, applicationClose(QuicConnectionClose.MAX_ERROR_CODE, REASON));

        assertThat(read(datagram, told(true, 0xffff_ffffL, "Grüße 😀")))
                .isEqualTo(QuicConnectionClose.application(QuicConnectionClose.MAX_ERROR_CODE, "Grüße 😀"));
    }

    @Test
    void closes_of_different_codes_that_all_agree_with_the_codec_are_ambiguous() {
        byte[] other = applicationClose((9L << 32) + 5, REASON);

        assertThat(read(shortHeader(DCID_LENGTH, 1, CLOSE, other), told(true, 5, "Grüße 😀"))).isNull();
        assertThat(read(shortHeader(DCID_LENGTH, 1, CLOSE, CLOSE), told(true, 5, "Grüße 😀")))
                .isEqualTo(QuicConnectionClose.application(CODE, "Grüße 😀"));
    }

    @Test
    void every_truncation_gives_nothing_or_the_same_close() {
        byte[] all = join(OTHER_FRAMES.toArray(new byte[0][]));
        byte[] handshake = longHeader(2, 1, 2, all, transportClose(CODE, 6, REASON));
        byte[] oneRtt = shortHeader(DCID_LENGTH, 1, all, CLOSE, new byte[20]);
        byte[] datagram = join(longHeader(0, 1, 4, all), handshake, oneRtt);

        for (int length = 0; length < datagram.length; length++) {
            assertThat(frames(Arrays.copyOf(datagram, length)))
                    .isSubsetOf(frame(false, CODE, REASON), FRAME);
        }
    }

    @Test
    void nothing_is_read_behind_the_range_that_is_given() {
        byte[] datagram = shortHeader(DCID_LENGTH, 1, CLOSE);
        ByteBuf buffer = Unpooled.wrappedBuffer(join(new byte[7], datagram, datagram));

        assertThat(CloseFrameReader.frames(buffer, 7, datagram.length, DCID_LENGTH)).containsExactly(FRAME);
        assertThat(CloseFrameReader.frames(buffer, 7, datagram.length - 1, DCID_LENGTH)).isEmpty();
        assertThat(buffer.readerIndex()).isZero();
    }

    @Test
    void a_range_outside_the_buffer_gives_nothing() {
        ByteBuf buffer = Unpooled.wrappedBuffer(shortHeader(DCID_LENGTH, 1, CLOSE));
        int[][] ranges = {
            {-1, 5}, {0, -1}, {0, buffer.capacity() + 1}, {buffer.capacity() + 1, 0}, {5, Integer.MAX_VALUE},
            {Integer.MAX_VALUE, Integer.MAX_VALUE}, {Integer.MIN_VALUE, 5}, {0, 0}
        };

        for (int[] range : ranges) {
            assertThat(CloseFrameReader.frames(buffer, range[0], range[1], DCID_LENGTH)).isEmpty();
        }
        for (int dcidLength : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 21}) {
            assertThat(CloseFrameReader.frames(buffer, 0, buffer.capacity(), dcidLength)).isEmpty();
        }
    }

    @Test
    void lengths_that_overflow_give_nothing() {
        byte[] huge = varint(QuicConnectionClose.MAX_ERROR_CODE);
        byte[] header = join(bytes(0xe0, 0, 0, 0, 1), bytes(0), bytes(0));

        assertThat(frames(join(header, huge, CLOSE))).isEmpty();
        assertThat(frames(join(bytes(0xc0, 0, 0, 0, 1), bytes(0), bytes(0), huge, CLOSE))).isEmpty();
        assertThat(frames(join(bytes(0xc0, 0, 0, 0, 1), bytes(255), bytes(0), CLOSE))).isEmpty();
        for (int type : new int[] {0x06, 0x07, 0x0a, 0x31, 0x1c, 0x1d}) {
            byte[] frame = join(bytes(type), huge, huge, huge, new byte[40]);
            assertThat(frames(shortHeader(DCID_LENGTH, 1, CLOSE, frame))).isEmpty();
        }
        byte[] ack = join(bytes(0x02), varint(0), varint(0), huge, varint(0), new byte[40]);
        assertThat(frames(shortHeader(DCID_LENGTH, 1, CLOSE, ack))).isEmpty();
    }

    @Test
    void random_bytes_never_throw() {
        Random random = new Random(9_000);
        for (int i = 0; i < 100_000; i++) {
            byte[] datagram = new byte[random.nextInt(200)];
            random.nextBytes(datagram);

            assertThat(read(datagram, told(true, 5, "Grüße 😀"))).isNull();
        }
    }

    @Test
    void a_datagram_with_random_bytes_in_it_never_throws() {
        Random random = new Random(9_000);
        byte[] all = join(OTHER_FRAMES.toArray(new byte[0][]));
        byte[] datagram = join(
                longHeader(0, 1, 4, all), longHeader(2, 1, 2, all, CLOSE), shortHeader(DCID_LENGTH, 1, all, CLOSE));
        for (int i = 0; i < 50_000; i++) {
            byte[] changed = datagram.clone();
            for (int changes = random.nextInt(4); changes >= 0; changes--) {
                changed[random.nextInt(changed.length)] = (byte) random.nextInt();
            }
            for (CloseFrame frame : frames(changed)) {
                assertThat(frame.errorCode()).isBetween(0L, QuicConnectionClose.MAX_ERROR_CODE);
            }
        }
    }

    private static List<CloseFrame> frames(byte[] datagram) {
        return CloseFrameReader.frames(Unpooled.wrappedBuffer(datagram), 0, datagram.length, DCID_LENGTH);
    }

    private static QuicConnectionClose read(byte[] datagram, QuicConnectionClose told) {
        return CloseFrameReader.read(Unpooled.wrappedBuffer(datagram), 0, datagram.length, DCID_LENGTH, told);
    }

    private static QuicConnectionClose told(boolean application, long remainder, String reason) {
        return new QuicConnectionClose(application, remainder, false, reason);
    }

    private static CloseFrame frame(boolean application, long errorCode, byte[] reason) {
        return new CloseFrame(application, errorCode, ByteBuffer.wrap(reason));
    }
}
