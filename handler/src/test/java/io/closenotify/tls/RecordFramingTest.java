package io.closenotify.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ends of the records of a stream, however it is cut. */
class RecordFramingTest {

    private static final int[] LENGTHS = {0, 1, 2, 40, 0, 0, 300, 1, (1 << 14) + 2048, 5};

    @Test
    void every_cut_in_two_gives_the_same_ends() {
        byte[] stream = stream();
        for (int cut = 0; cut <= stream.length; cut++) {
            assertThat(ends(stream, List.of(cut))).as("cut at %d", cut).isEqualTo(ends());
        }
    }

    @Test
    void any_split_gives_the_same_ends() {
        byte[] stream = stream();
        Random random = new Random(11);
        for (int run = 0; run < 1000; run++) {
            List<Integer> cuts = random.ints(run % 50, 0, stream.length).sorted().boxed().toList();
            assertThat(ends(stream, cuts)).as("cuts %s", cuts).isEqualTo(ends());
        }
    }

    @Test
    void byte_by_byte_every_byte_is_passed_alone() {
        RecordFraming framing = new RecordFraming();
        int alerts = 0;
        for (byte each : stream()) {
            ByteBuf data = Unpooled.wrappedBuffer(new byte[] {each});
            alerts += framing.startsWithAlert(data) ? 1 : 0;
            assertThat(framing.next(data)).isEqualTo(1);
            assertThat(data.readableBytes()).isEqualTo(1);
        }
        assertThat(framing.isValid()).isTrue();
        // Each type in its turn: 20, 21, 22, 23, 24, 20 …
        assertThat(alerts).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PASV\r\n", "\u0013\u0003\u0003\u0000\u0001", "\u0019\u0003\u0003\u0000\u0001",
            "\u0015\u0002\u0003\u0000\u0002", "\u0017\u0003\u0003\u0048\u0001", "\u0080\u002e\u0001\u0003\u0001"})
    void what_is_no_record_is_passed_whole_from_then_on(String garbage) {
        byte[] bytes = garbage.getBytes(ISO_8859_1);
        for (int cut = 0; cut < bytes.length; cut++) {
            RecordFraming framing = new RecordFraming();
            ByteBuf all = Unpooled.wrappedBuffer(bytes, new byte[100]);
            ByteBuf first = all.readSlice(cut);
            if (first.isReadable()) {
                assertThat(framing.next(first)).isEqualTo(cut);
            }
            assertThat(framing.next(all)).isEqualTo(all.readableBytes());
            assertThat(framing.isValid()).isFalse();
            ByteBuf alert = Unpooled.wrappedBuffer(new byte[] {21, 3, 3, 0, 2, 1, 0});
            assertThat(framing.startsWithAlert(alert)).isFalse();
            assertThat(framing.next(alert)).isEqualTo(7);
        }
    }

    @Test
    void the_longest_record_of_any_version_is_one() {
        RecordFraming framing = new RecordFraming();
        framing.next(Unpooled.wrappedBuffer(new byte[] {23, 3, 3, 0x48, 0}));
        assertThat(framing.isValid()).isTrue();
        framing = new RecordFraming();
        framing.next(Unpooled.wrappedBuffer(new byte[] {23, 3, 3, 0x48, 1}));
        assertThat(framing.isValid()).isFalse();
    }

    private static byte[] stream() {
        ByteBuf stream = Unpooled.buffer();
        for (int i = 0; i < LENGTHS.length; i++) {
            // Bodies that look like alerts.
            stream.writeByte(20 + i % 5).writeShort(0x0303).writeShort(LENGTHS[i]);
            stream.writeBytes("\u0015".repeat(LENGTHS[i]).getBytes(ISO_8859_1));
        }
        byte[] bytes = new byte[stream.readableBytes()];
        stream.readBytes(bytes);
        return bytes;
    }

    private static List<Integer> ends() {
        List<Integer> ends = new ArrayList<>();
        int end = 0;
        for (int length : LENGTHS) {
            end += 5 + length;
            ends.add(end);
        }
        return ends;
    }

    /** Where the parts end, but for the ends that the cuts made. */
    private static List<Integer> ends(byte[] stream, List<Integer> cuts) {
        RecordFraming framing = new RecordFraming();
        List<Integer> ends = new ArrayList<>();
        List<Integer> bounds = new ArrayList<>(cuts);
        bounds.add(stream.length);
        int start = 0;
        for (int bound : bounds) {
            ByteBuf data = Unpooled.wrappedBuffer(stream, start, bound - start);
            while (data.isReadable()) {
                data.skipBytes(framing.next(data));
                int end = bound - data.readableBytes();
                if (data.isReadable() || ends().contains(end)) {
                    ends.add(end);
                }
            }
            start = bound;
        }
        assertThat(framing.isValid()).isTrue();
        return ends;
    }
}
