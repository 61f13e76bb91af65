package io.closenotify.boundary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LengthPrefixedMessageBoundaryTest {

    private static final int[] BODIES = {0, 1, 7, 0, 30, 2};

    static Stream<Arguments> formats() {
        return Stream.of(1, 2, 3, 4, 8).flatMap(length -> Stream.of(0, 1, 5).flatMap(offset ->
                // A length that counts the body, the whole frame, less than the body.
                Stream.of(0, -(offset + length), 2).map(adjustment -> Arguments.of(offset, length, adjustment))));
    }

    @ParameterizedTest
    @MethodSource("formats")
    void a_frame_is_in_flight_from_its_first_byte_to_its_last(int offset, int length, int adjustment) {
        Wire wire = new Wire(false);
        Random random = new Random(1);
        List<byte[]> frames = new ArrayList<>();
        for (int body : BODIES) {
            if (body - adjustment >= 0) {
                byte[] frame = frame(random, offset, length, body - adjustment, body);
                frames.add(frame);
                wire.message(frame);
            }
        }
        wire.cutEverywhere(() -> new EmbeddedChannel(new LengthPrefixedMessageBoundary(offset, length, adjustment)));

        // The decoder means the same.
        EmbeddedChannel decoder = new EmbeddedChannel(
                new LengthFieldBasedFrameDecoder(1024, offset, length, adjustment, 0));
        decoder.writeInbound(Unpooled.wrappedBuffer(wire.toBytes()));
        for (byte[] frame : frames) {
            ByteBuf decoded = decoder.readInbound();
            assertThat(decoded).isEqualTo(Unpooled.wrappedBuffer(frame));
            decoded.release();
        }
        assertThat(decoder.finishAndReleaseAll()).isFalse();
    }

    private static byte[] frame(Random random, int offset, int length, long value, int body) {
        byte[] frame = new byte[offset + length + body];
        random.nextBytes(frame);
        for (int i = 0; i < length; i++) {
            frame[offset + i] = (byte) (value >>> (Byte.SIZE * (length - 1 - i)));
        }
        return frame;
    }

    @Test
    void behind_a_length_that_makes_no_sense_nobody_knows() {
        byte[] good = {0, 0, 0, 0, 0, 0, 0, 0};
        for (long bad : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            byte[] frame = frame(new Random(1), 0, Long.BYTES, bad, 0);
            new Wire(false).message(good).unfinished(frame).unfinished(good)
                    .cutEverywhere(() -> new EmbeddedChannel(new LengthPrefixedMessageBoundary(0, Long.BYTES, 0)));
            new Wire(false).unfinished(frame).unfinished(good).unfinished(good)
                    .cutEverywhere(() -> new EmbeddedChannel(new LengthPrefixedMessageBoundary(0, Long.BYTES, 9)));
        }
        new Wire(false).message(new byte[] {0, 1}).unfinished(new byte[] {0, 0, 0, 1, 0, 1})
                .cutEverywhere(() -> new EmbeddedChannel(new LengthPrefixedMessageBoundary(0, 2, -1)));
    }

    @Test
    void a_frame_of_many_gigabytes_is_followed() {
        EmbeddedChannel channel = new EmbeddedChannel(new LengthPrefixedMessageBoundary(0, 4, 0));
        ByteBuf megabyte = Unpooled.wrappedBuffer(new byte[1 << 20]);
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {(byte) 0xff, (byte) 0xf0, 0, 0}));
        for (int i = 0; i < 0xfff; i++) {
            assertThat(Wire.boundary(channel).isMessageInFlight()).isTrue();
            channel.writeInbound(megabyte.retainedDuplicate());
            channel.<ByteBuf>readInbound().release();
        }
        assertThat(Wire.boundary(channel).isMessageInFlight()).isFalse();
        megabyte.release();
        channel.finishAndReleaseAll();
    }

    @Test
    void everything_passes_untouched() {
        EmbeddedChannel channel = new EmbeddedChannel(new LengthPrefixedMessageBoundary(0, 2, 0));
        ByteBuf data = Unpooled.copiedBuffer(new byte[] {9, 0, 1, 7}).skipBytes(1);
        channel.writeInbound(data, "other");
        assertThat(Wire.boundary(channel).isMessageInFlight()).isFalse();
        assertThat(channel.<Object>readInbound()).isSameAs(data);
        assertThat(channel.<Object>readInbound()).isEqualTo("other");
        assertThat(data.readerIndex()).isEqualTo(1);
        assertThat(data.refCnt()).isEqualTo(1);
        data.release();
        channel.finishAndReleaseAll();
    }

    @Test
    void a_value_that_makes_no_sense_is_named() {
        assertThatThrownBy(() -> new LengthPrefixedMessageBoundary(-1, 4, 0))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("lengthFieldOffset: -1");
        assertThatThrownBy(() -> new LengthPrefixedMessageBoundary(Integer.MAX_VALUE, 4, 0))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("lengthFieldOffset: 2147483647");
        for (int length : new int[] {-1, 0, 5, 6, 7, 9}) {
            assertThatThrownBy(() -> new LengthPrefixedMessageBoundary(0, length, 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("lengthFieldLength: " + length).hasMessageContaining("1, 2, 3, 4 or 8");
        }
    }
}
