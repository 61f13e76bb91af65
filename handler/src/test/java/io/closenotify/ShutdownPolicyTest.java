package io.closenotify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ShutdownPolicyTest {

    @Test
    void presets_differ_in_the_mode_only_and_have_the_documented_defaults() {
        for (ShutdownMode mode : ShutdownMode.values()) {
            ShutdownPolicy policy = ShutdownPolicy.of(mode);
            assertThat(policy.mode()).isEqualTo(mode);
            assertThat(policy.flushTimeout()).isEqualTo(Duration.ofSeconds(3));
            assertThat(policy.peerTimeout()).isEqualTo(Duration.ofSeconds(5));
            assertThat(policy.linger()).isEqualTo(Duration.ofSeconds(2));
            assertThat(policy.lingerEnd()).isEqualTo(LingerEnd.PEER_FIN);
            assertThat(policy.inboundAfterCloseNotify()).isEqualTo(InboundPolicy.DELIVER);
            assertThat(policy.inboundCap()).isEqualTo(16 * 1024 * 1024);
            assertThat(policy.onTruncation()).isEqualTo(TruncationPolicy.FAIL);
        }
    }

    @Test
    void a_builder_starts_from_the_policy_it_was_made_of() {
        ShutdownPolicy policy = ShutdownPolicy.fast().toBuilder()
                .flushTimeout(Duration.ofNanos(1)).peerTimeout(Duration.ZERO).linger(ShutdownPolicy.MAX_TIMEOUT)
                .lingerEnd(LingerEnd.ACKNOWLEDGED).inboundAfterCloseNotify(InboundPolicy.DISCARD).inboundCap(0)
                .onTruncation(TruncationPolicy.IGNORE).build();
        assertThat(policy.toBuilder().mode(ShutdownMode.BIDIRECTIONAL).build()).usingRecursiveComparison()
                .ignoringFields("mode").isEqualTo(policy);
    }

    static Stream<Arguments> badValues() {
        Duration negative = Duration.ofMillis(-1);
        Duration endless = ShutdownPolicy.MAX_TIMEOUT.plusNanos(1);
        return Stream.of(
                bad("flushTimeout: PT-0.001S (expected: PT0S to PT8760H)", builder -> builder.flushTimeout(negative)),
                bad("peerTimeout: PT-0.001S (expected: PT0S to PT8760H)", builder -> builder.peerTimeout(negative)),
                bad("linger: PT-0.001S (expected: PT0S to PT8760H)", builder -> builder.linger(negative)),
                bad("linger: PT8760H0.000000001S (expected: PT0S to PT8760H)", builder -> builder.linger(endless)),
                bad("inboundCap: -1 (expected: >= 0 bytes)", builder -> builder.inboundCap(-1)),
                bad("mode: FAST (expected: BIDIRECTIONAL, to KEEP the transport)",
                        builder -> builder.mode(ShutdownMode.FAST).transport(TransportPolicy.KEEP)),
                bad("mode: QUIET (expected: BIDIRECTIONAL, to KEEP the transport)",
                        builder -> builder.mode(ShutdownMode.QUIET).transport(TransportPolicy.KEEP)));
    }

    private static Arguments bad(String message, UnaryOperator<ShutdownPolicy.Builder> change) {
        return Arguments.of(message, change);
    }

    @ParameterizedTest
    @MethodSource("badValues")
    void a_value_out_of_range_is_named_with_what_was_expected(
            String message, UnaryOperator<ShutdownPolicy.Builder> change) {
        ShutdownPolicy.Builder builder = change.apply(ShutdownPolicy.bidirectional().toBuilder());
        assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @Test
    void a_missing_value_is_named() {
        assertThatThrownBy(() -> ShutdownPolicy.quiet().toBuilder().mode(null).build())
                .isInstanceOf(NullPointerException.class).hasMessage("mode");
        assertThatThrownBy(() -> ShutdownPolicy.quiet().toBuilder().linger(null).build())
                .isInstanceOf(NullPointerException.class).hasMessage("linger");
    }
}
