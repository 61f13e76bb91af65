package io.closenotify.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ReasonPhraseTest {

    /** One, two, three and four bytes. */
    private static final String MIXED = "aé€😀".repeat(130);

    private static final QuicConnectionClose SMALL = QuicConnectionClose.application(0, "");
    private static final QuicConnectionClose LARGE =
            QuicConnectionClose.application(QuicConnectionClose.MAX_ERROR_CODE, "");

    @Test
    void a_reason_is_cut_at_every_length_to_a_valid_prefix_that_wants_no_whole_code_point()
            throws CharacterCodingException {
        for (int max = 0; max <= 1_310; max++) {
            byte[] bytes = ReasonPhrase.encode(MIXED, max);

            String decoded = decodeStrictly(bytes);
            assertThat(MIXED).startsWith(decoded);
            assertThat(bytes.length).isLessThanOrEqualTo(max).isGreaterThanOrEqualTo(Math.min(max, 1_300) - 3);
            if (decoded.length() < MIXED.length()) {
                String next = Character.toString(MIXED.codePointAt(decoded.length()));
                assertThat(bytes.length + next.getBytes(StandardCharsets.UTF_8).length).isGreaterThan(max);
            }
        }
    }

    @Test
    void a_reason_that_fits_is_left_alone_at_every_length() {
        for (int length = 0; length <= 1_300; length++) {
            String reason = "x".repeat(length);

            assertThat(ReasonPhrase.encode(reason, length)).hasSize(length);
            assertThat(ReasonPhrase.encode(reason, 1_300)).hasSize(length);
            assertThat(ReasonPhrase.encode(reason, Math.max(0, length - 1))).hasSize(Math.max(0, length - 1));
        }
    }

    @Test
    void a_code_point_of_four_bytes_is_never_cut_in_two() {
        for (int before = 0; before < 8; before++) {
            String reason = "x".repeat(before) + "😀";

            for (int cut = 0; cut < 4; cut++) {
                assertThat(ReasonPhrase.encode(reason, before + cut)).hasSize(before);
            }
            assertThat(ReasonPhrase.encode(reason, before + 4)).hasSize(before + 4);
        }
    }

    @Test
    void a_lone_surrogate_becomes_a_question_mark() {
        assertThat(ReasonPhrase.encode("a\ud83db", 10)).asString(StandardCharsets.UTF_8).isEqualTo("a?b");
        assertThat(ReasonPhrase.encode("a\ude00", 10)).asString(StandardCharsets.UTF_8).isEqualTo("a?");
        assertThat(ReasonPhrase.encode("\ude00\ud83d", 10)).asString(StandardCharsets.UTF_8).isEqualTo("??");
        assertThat(ReasonPhrase.encode("a\ud83d", 1)).asString(StandardCharsets.UTF_8).isEqualTo("a");
    }

    @Test
    void a_reason_of_65536_characters_is_cut() throws CharacterCodingException {
        assertThat(ReasonPhrase.encode("€".repeat(65_536), 1_155)).hasSize(1_155);
        assertThat(decodeStrictly(ReasonPhrase.encode("😀".repeat(32_768), 1_155))).isEqualTo("😀".repeat(288));
    }

    @Test
    void a_negative_bound_is_refused() {
        assertThatThrownBy(() -> ReasonPhrase.encode("", -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxBytes: -1 (expected: >= 0)");
    }

    @Test
    void the_longest_reason_fills_a_short_header_packet_and_one_byte_more_would_not_fit() {
        for (int udp = 100; udp <= 65_527; udp++) {
            for (QuicConnectionClose close : new QuicConnectionClose[] {SMALL, LARGE}) {
                int max = ReasonPhrase.maxBytes(udp, 20, close);

                assertThat(shortHeaderPacket(20, close, max) <= udp).as("%d of %d", max, udp).isTrue();
                assertThat(shortHeaderPacket(20, close, max + 1) > udp).as("%d of %d", max + 1, udp).isTrue();
            }
        }
    }

    @Test
    void a_datagram_of_1200_bytes_has_room_for_1155_with_a_short_code() {
        assertThat(ReasonPhrase.maxBytes(1_200, 20, SMALL)).isEqualTo(1_155);
        assertThat(ReasonPhrase.maxBytes(1_200, 20, LARGE)).isEqualTo(1_148);
        assertThat(ReasonPhrase.maxBytes(1_200, 20, QuicConnectionClose.transport(0, ""))).isEqualTo(1_154);
    }

    @Test
    void a_packet_of_the_handshake_has_room_for_less() {
        QuicConnectionClose close = QuicConnectionClose.transport(0x0a, "");

        // 1 + 4 + 1 + 20 + 1 + 20 + 1 + 2 + 4 + 16 around, 1 + 1 + 1 + 2 in the frame.
        assertThat(ReasonPhrase.maxBytesInHandshake(1_200, 20, 20, 0, close)).isEqualTo(1_200 - 70 - 5);
        assertThat(ReasonPhrase.maxBytesInHandshake(1_200, 20, 20, 100, close)).isEqualTo(1_200 - 171 - 5);
    }

    @Test
    void no_room_at_all_is_zero() {
        assertThat(ReasonPhrase.maxBytes(0, 20, LARGE)).isZero();
        assertThat(ReasonPhrase.maxBytes(44, 20, SMALL)).isZero();
        assertThat(ReasonPhrase.maxBytes(45, 20, SMALL)).isEqualTo(1);
        assertThat(ReasonPhrase.maxBytesInHandshake(1_200, 20, 20, 1_200, SMALL)).isZero();
    }

    @Test
    void varints_have_1_2_4_or_8_bytes() {
        assertThat(ReasonPhrase.varintLength(63)).isEqualTo(1);
        assertThat(ReasonPhrase.varintLength(64)).isEqualTo(2);
        assertThat(ReasonPhrase.varintLength(16_383)).isEqualTo(2);
        assertThat(ReasonPhrase.varintLength(16_384)).isEqualTo(4);
        assertThat(ReasonPhrase.varintLength((1L << 30) - 1)).isEqualTo(4);
        assertThat(ReasonPhrase.varintLength(1L << 30)).isEqualTo(8);
        assertThat(ReasonPhrase.varintLength(QuicConnectionClose.MAX_ERROR_CODE)).isEqualTo(8);
    }

    private static int shortHeaderPacket(int dcidLength, QuicConnectionClose close, int reason) {
        int frame = 1 + ReasonPhrase.varintLength(close.errorCode()) + ReasonPhrase.varintLength(reason) + reason;
        return 1 + dcidLength + 4 + frame + 16;
    }

    private static String decodeStrictly(byte[] bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }
}
