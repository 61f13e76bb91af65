package io.closenotify.testsuite.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The trial, small enough to be run every time. */
@Timeout(60)
class DrainTrialTest {

    @Test
    void sigterm_tells_every_reading_client_and_forces_and_names_the_stuck_ones() throws Exception {
        DrainTrial.Result result =
                new DrainTrial(300, 5, Duration.ofSeconds(3), Duration.ofSeconds(1)).run();

        assertThat(result.notified()).isEqualTo(295);
        assertThat(result.cut()).isZero();
        assertThat(result.forced()).isEqualTo(5);
        assertThat(result.named()).isEqualTo(5);
        assertThat(result.lines()).isEqualTo(300);
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.startedWithin()).isGreaterThan(Duration.ofMillis(990));
    }
}
