package io.closenotify.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuicConnectionCloseTest {

    private static final long LARGEST = 4_611_686_018_427_387_903L;

    @Test
    void an_application_and_a_transport_differ_in_the_type_only() {
        assertThat(QuicConnectionClose.application(7, "why"))
                .isEqualTo(new QuicConnectionClose(true, 7, true, "why"));
        assertThat(QuicConnectionClose.transport(7, "why"))
                .isEqualTo(new QuicConnectionClose(false, 7, true, "why"));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 255, 1L << 31, (1L << 32) + 5, LARGEST})
    void codes_of_62_bits_are_taken(long code) {
        assertThat(QuicConnectionClose.application(code, "").errorCode()).isEqualTo(code);
        assertThat(QuicConnectionClose.transport(code, "").errorCode()).isEqualTo(code);
        assertThat(QuicConnectionClose.requireErrorCode(code)).isEqualTo(code);
        assertThat(QuicConnectionClose.MAX_ERROR_CODE).isEqualTo(LARGEST);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, LARGEST + 1, Long.MAX_VALUE})
    void other_codes_are_refused_with_what_was_expected(long code) {
        String message = "errorCode: " + code + " (expected: 0 to 4611686018427387903, which is 2^62 - 1)";
        assertThatThrownBy(() -> QuicConnectionClose.application(code, ""))
                .isInstanceOf(IllegalArgumentException.class).hasMessage(message);
        assertThatThrownBy(() -> QuicConnectionClose.transport(code, ""))
                .isInstanceOf(IllegalArgumentException.class).hasMessage(message);
        assertThatThrownBy(() -> new QuicConnectionClose(true, code, false, ""))
                .isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @Test
    void a_missing_reason_is_named() {
        assertThatThrownBy(() -> QuicConnectionClose.application(0, null))
                .isInstanceOf(NullPointerException.class).hasMessage("reason");
    }

    @Test
    void the_codes_are_those_of_rfc_9000_section_20_1() {
        assertThat(QuicConnectionClose.NO_ERROR).isZero();
        assertThat(QuicConnectionClose.CONNECTION_REFUSED).isEqualTo(0x02);
        assertThat(QuicConnectionClose.APPLICATION_ERROR).isEqualTo(0x0c);
    }
}
