package io.closenotify.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.closenotify.ShutdownPolicy;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DrainPolicyTest {

    private static DrainPolicy.Builder builder() {
        return DrainPolicy.atOnce().toBuilder();
    }

    @Test
    void presets_are_what_their_documentation_says() {
        assertThat(DrainPolicy.atOnce().toString()).isEqualTo("DrainPolicy[deadline=PT15S, refuseDelay=PT0S,"
                + " spread=PT0S, concurrency=0, hooks=0, hookTimeout=PT5S, grace=PT1S, worstPeers=100]");
        assertThat(DrainPolicy.kubernetes().toString()).startsWith(
                "DrainPolicy[deadline=PT25S, refuseDelay=PT5S, spread=PT10S,");
    }

    @Test
    void a_builder_starts_from_the_values_of_its_policy() {
        BeforeCloseHook hook = channel -> channel.newSucceededFuture();
        DrainPolicy policy = builder().deadline(Duration.ofSeconds(9)).refuseDelay(Duration.ofSeconds(1))
                .spread(Duration.ofSeconds(2)).concurrency(3).hooks(hook).hookTimeout(Duration.ofSeconds(4))
                .grace(Duration.ofSeconds(5)).worstPeers(6).build();

        assertThat(policy.toBuilder().build()).usingRecursiveComparison().isEqualTo(policy);
        assertThat(policy.hooks()).containsExactly(hook);
    }

    @Test
    void values_out_of_range_are_refused_by_name() {
        Duration tooLong = ShutdownPolicy.MAX_TIMEOUT.plusNanos(1);
        assertThatIllegalArgumentException().isThrownBy(() -> builder().deadline(tooLong).build())
                .withMessage("deadline: PT8760H0.000000001S (expected: PT0S to PT8760H)");
        assertThatIllegalArgumentException().isThrownBy(() -> builder().grace(Duration.ofNanos(-1)).build())
                .withMessageStartingWith("grace: PT-0.000000001S");
        assertThatIllegalArgumentException().isThrownBy(() -> builder().concurrency(-1).build())
                .withMessage("concurrency: -1 (expected: >= 0)");
        assertThatIllegalArgumentException().isThrownBy(() -> builder().worstPeers(-1).build())
                .withMessage("worstPeers: -1 (expected: >= 0)");
        assertThatNullPointerException().isThrownBy(() -> builder().spread(null).build()).withMessage("spread");
    }

    @Test
    void delay_and_spread_must_fit_into_the_deadline() {
        DrainPolicy.Builder builder = builder().refuseDelay(Duration.ofSeconds(6)).spread(Duration.ofSeconds(10));
        assertThatIllegalArgumentException().isThrownBy(builder::build)
                .withMessage("refuseDelay and spread: PT16S (expected: within the deadline of PT15S)");
        assertThat(builder.deadline(Duration.ofSeconds(16)).build().spread()).hasSeconds(10);
        assertThat(builder.deadline(Duration.ZERO).build().deadline()).isZero();
    }
}
