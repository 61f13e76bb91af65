package io.closenotify.quic;

import static io.closenotify.quic.QuicBytes.bytes;
import static io.closenotify.quic.QuicBytes.join;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.incubator.codec.quic.QuicResetTokenGenerator;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatelessResetTest {

    private static final byte[] ID = {9, 8, 7, 6, 5, 4, 3, 2};

    /** The token repeats the id, so that it can be told whose it is. */
    private static final QuicResetTokenGenerator TOKENS = id -> {
        byte[] token = new byte[16];
        id.duplicate().get(token, 0, id.remaining());
        return ByteBuffer.wrap(token);
    };

    private static ByteBuf trigger(int length) {
        return Unpooled.wrappedBuffer(join(bytes(0x41), ID, new byte[length - 1 - ID.length]));
    }

    @ParameterizedTest
    @ValueSource(ints = {22, 23, 40, 42, 43, 44, 100, 1200})
    void a_reset_is_shorter_than_what_it_answers_and_long_enough_to_be_one(int length) {
        byte[] reset = StatelessReset.answer(trigger(length), TOKENS, ID.length);
        // RFC 9000, section 10.3: "at least 21 bytes"; 10.3.3: smaller than the packet it answers.
        assertThat(reset).isNotNull().hasSize(Math.min(42, length - 1));
        assertThat(reset.length).isBetween(21, length - 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 10, 20, 21})
    void what_is_too_short_for_a_shorter_reset_is_not_answered(int length) {
        assertThat(StatelessReset.answer(trigger(length), TOKENS, ID.length)).isNull();
    }

    @Test
    void a_reset_ends_with_the_token_of_the_id_and_looks_like_a_packet() {
        byte[] reset = StatelessReset.answer(trigger(100), TOKENS, ID.length);
        assertThat(reset).isNotNull();
        byte[] token = Arrays.copyOfRange(reset, reset.length - 16, reset.length);
        assertThat(token).startsWith(ID).endsWith(new byte[8]);
        assertThat(reset[0] & 0xc0).as("a short header with the fixed bit").isEqualTo(0x40);
    }

    @Test
    void a_trigger_is_read_where_its_buffer_starts() {
        ByteBuf trigger = Unpooled.wrappedBuffer(new byte[7], join(bytes(0x41), ID, new byte[40])).readerIndex(7);
        byte[] reset = StatelessReset.answer(trigger, TOKENS, ID.length);
        assertThat(reset).isNotNull();
        assertThat(Arrays.copyOfRange(reset, reset.length - 16, reset.length)).startsWith(ID);
        assertThat(trigger.readerIndex()).isEqualTo(7);
    }

    @Test
    void the_bytes_before_the_token_cannot_be_foreseen() {
        Set<String> seen = new HashSet<>();
        for (int run = 0; run < 100; run++) {
            byte[] reset = StatelessReset.answer(trigger(100), TOKENS, ID.length);
            assertThat(reset).isNotNull();
            seen.add(Arrays.toString(Arrays.copyOf(reset, reset.length - 16)));
        }
        assertThat(seen).hasSize(100);
    }

    @Test
    void long_headers_are_not_answered_for_their_sender_may_have_no_token() {
        ByteBuf initial = Unpooled.wrappedBuffer(join(bytes(0xc0, 0, 0, 0, 1, 8), ID, new byte[1186]));
        assertThat(StatelessReset.answer(initial, TOKENS, ID.length)).isNull();
    }

    @Test
    void nothing_is_answered_without_tokens_or_without_an_id() {
        assertThat(StatelessReset.answer(trigger(100), null, ID.length)).isNull();
        assertThat(StatelessReset.answer(Unpooled.EMPTY_BUFFER, TOKENS, ID.length)).isNull();
        assertThat(StatelessReset.answer(trigger(22), TOKENS, 22)).as("shorter than header and id").isNull();
    }

    @Test
    void two_ends_that_reset_each_other_fall_silent() {
        int answers = 0;
        byte[] reset = StatelessReset.answer(trigger(1200), TOKENS, ID.length);
        while (reset != null && answers < 100) {
            answers++;
            reset = StatelessReset.answer(Unpooled.wrappedBuffer(reset), TOKENS, ID.length);
        }
        assertThat(answers).isEqualTo(42 - 21 + 1);
    }
}
