package io.closenotify.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.ShutdownPolicy;
import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class QuicShutdownPolicyTest {

    @ParameterizedTest
    @EnumSource
    void presets_differ_in_the_mode_only_and_have_the_documented_defaults(QuicShutdownMode mode) {
        QuicShutdownPolicy policy = QuicShutdownPolicy.of(mode);
        assertThat(policy.mode()).isEqualTo(mode);
        assertThat(policy.close()).isEqualTo(new QuicConnectionClose(true, 0, true, ""));
        assertThat(policy.streamFlush()).isEqualTo(StreamFlush.ACKNOWLEDGED);
        assertThat(policy.flushTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(policy.closeTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(policy.peerTimeout()).isEqualTo(Duration.ZERO);
        assertThat(policy.extraCopies()).isZero();
        assertThat(policy.statelessReset()).isEqualTo(Duration.ZERO);
    }

    @Test
    void presets_are_shared() {
        assertThat(QuicShutdownPolicy.of(QuicShutdownMode.COMPLIANT)).isSameAs(QuicShutdownPolicy.compliant());
        assertThat(QuicShutdownPolicy.of(QuicShutdownMode.RAPID)).isSameAs(QuicShutdownPolicy.rapid());
        assertThat(QuicShutdownPolicy.of(QuicShutdownMode.WAIT_PEER)).isSameAs(QuicShutdownPolicy.waitPeer());
    }

    private static QuicShutdownPolicy unlikeAnyPreset() {
        return QuicShutdownPolicy.rapid().toBuilder()
                .close(QuicConnectionClose.transport(QuicConnectionClose.MAX_ERROR_CODE, "done"))
                .streamFlush(StreamFlush.NONE)
                .flushTimeout(Duration.ofNanos(1))
                .closeTimeout(Duration.ofNanos(2))
                .peerTimeout(ShutdownPolicy.MAX_TIMEOUT)
                .extraCopies(QuicShutdownPolicy.MAX_EXTRA_COPIES)
                .statelessReset(Duration.ofNanos(3))
                .build();
    }

    @Test
    void a_builder_starts_from_the_policy_it_was_made_of() {
        QuicShutdownPolicy policy = unlikeAnyPreset();
        assertThat(policy.toBuilder().build()).isNotSameAs(policy).usingRecursiveComparison().isEqualTo(policy);
        assertThat(policy.toBuilder().mode(QuicShutdownMode.COMPLIANT).build()).usingRecursiveComparison()
                .ignoringFields("mode").isEqualTo(policy);
    }

    @Test
    void every_value_is_the_one_that_was_set() {
        QuicShutdownPolicy policy = unlikeAnyPreset();
        assertThat(policy.mode()).isEqualTo(QuicShutdownMode.RAPID);
        assertThat(policy.close().errorCode()).isEqualTo(QuicConnectionClose.MAX_ERROR_CODE);
        assertThat(policy.streamFlush()).isEqualTo(StreamFlush.NONE);
        assertThat(policy.flushTimeout()).isEqualTo(Duration.ofNanos(1));
        assertThat(policy.closeTimeout()).isEqualTo(Duration.ofNanos(2));
        assertThat(policy.peerTimeout()).isEqualTo(ShutdownPolicy.MAX_TIMEOUT);
        assertThat(policy.extraCopies()).isEqualTo(QuicShutdownPolicy.MAX_EXTRA_COPIES);
        assertThat(policy.statelessReset()).isEqualTo(Duration.ofNanos(3));
        assertThat(policy).hasToString("QuicShutdownPolicy[mode=RAPID, close=" + policy.close()
                + ", streamFlush=NONE, flushTimeout=PT0.000000001S, closeTimeout=PT0.000000002S, peerTimeout=PT8760H,"
                + " extraCopies=3, statelessReset=PT0.000000003S]");
    }

    @Test
    void a_policy_does_not_change_with_the_builder_that_made_it() {
        QuicShutdownPolicy.Builder builder = QuicShutdownPolicy.compliant().toBuilder();
        QuicShutdownPolicy policy = builder.build();
        builder.mode(QuicShutdownMode.RAPID).extraCopies(2);
        assertThat(policy).usingRecursiveComparison().isEqualTo(QuicShutdownPolicy.compliant());
    }

    static Stream<Arguments> badValues() {
        Duration negative = Duration.ofNanos(-1);
        Duration endless = ShutdownPolicy.MAX_TIMEOUT.plusNanos(1);
        String range = " (expected: PT0S to PT8760H)";
        return Stream.of(
                bad("flushTimeout: PT-0.000000001S" + range, builder -> builder.flushTimeout(negative)),
                bad("flushTimeout: PT8760H0.000000001S" + range, builder -> builder.flushTimeout(endless)),
                bad("closeTimeout: PT-0.000000001S" + range, builder -> builder.closeTimeout(negative)),
                bad("closeTimeout: PT8760H0.000000001S" + range, builder -> builder.closeTimeout(endless)),
                bad("peerTimeout: PT-0.000000001S" + range, builder -> builder.peerTimeout(negative)),
                bad("peerTimeout: PT8760H0.000000001S" + range, builder -> builder.peerTimeout(endless)),
                bad("statelessReset: PT-0.000000001S" + range, builder -> builder.statelessReset(negative)),
                bad("statelessReset: PT8760H0.000000001S" + range, builder -> builder.statelessReset(endless)),
                bad("extraCopies: -1 (expected: 0 to 3)", builder -> builder.extraCopies(-1)),
                bad("extraCopies: 4 (expected: 0 to 3)", builder -> builder.extraCopies(4)));
    }

    private static Arguments bad(String message, UnaryOperator<QuicShutdownPolicy.Builder> change) {
        return Arguments.of(message, change);
    }

    @ParameterizedTest
    @MethodSource("badValues")
    void a_value_out_of_range_is_named_with_what_was_expected(
            String message, UnaryOperator<QuicShutdownPolicy.Builder> change) {
        QuicShutdownPolicy.Builder builder = change.apply(QuicShutdownPolicy.compliant().toBuilder());
        assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    static Stream<Arguments> bounds() {
        return Stream.of(Duration.ZERO, ShutdownPolicy.MAX_TIMEOUT).map(Arguments::of);
    }

    @ParameterizedTest
    @MethodSource("bounds")
    void the_bounds_themselves_are_in_range(Duration bound) {
        QuicShutdownPolicy policy = QuicShutdownPolicy.compliant().toBuilder()
                .flushTimeout(bound).closeTimeout(bound).peerTimeout(bound).statelessReset(bound).build();
        assertThat(policy.statelessReset()).isEqualTo(bound);
        // Kept to the nanosecond, also by those that add it to a clock.
        assertThat(policy.flushTimeout().toNanos()).isGreaterThanOrEqualTo(0);
    }

    @Test
    void a_missing_value_is_named() {
        assertThatThrownBy(() -> QuicShutdownPolicy.of(null)).isInstanceOf(NullPointerException.class)
                .hasMessage("mode");
        missing("mode", builder -> builder.mode(null));
        missing("close", builder -> builder.close(null));
        missing("streamFlush", builder -> builder.streamFlush(null));
        missing("flushTimeout", builder -> builder.flushTimeout(null));
        missing("closeTimeout", builder -> builder.closeTimeout(null));
        missing("peerTimeout", builder -> builder.peerTimeout(null));
        missing("statelessReset", builder -> builder.statelessReset(null));
    }

    private static void missing(String name, UnaryOperator<QuicShutdownPolicy.Builder> change) {
        QuicShutdownPolicy.Builder builder = change.apply(QuicShutdownPolicy.compliant().toBuilder());
        assertThatThrownBy(builder::build).isInstanceOf(NullPointerException.class).hasMessage(name);
    }
}
