package io.closenotify.testsuite.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.testkit.LeakAndLogCheck;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The soak, small enough to be run every time. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(180)
class SoakTest {

    private static final int CONNECTIONS = 40;

    @Test
    void no_verdict_is_wrong_and_nothing_is_left_behind() throws Exception {
        AtomicInteger left = new AtomicInteger(CONNECTIONS);
        try (SoakRun run = new SoakRun(9, 8)) {
            run.window(() -> left.getAndDecrement() > 0, tally -> { });

            assertThat(run.tally().wrong()).isEmpty();
            assertThat(run.complaints()).isEmpty();
            assertThat(run.tally().connections()).isEqualTo(CONNECTIONS);
            assertThat(run.tally().table()).contains("TLS 1.2", "TLS 1.3", "DTLS 1.2", "QUIC");
        }
    }

    @Test
    void a_seed_and_a_number_make_the_same_scenario_again() {
        for (int number = 0; number < 100; number++) {
            assertThat(Scenario.draw(7, number)).isEqualTo(Scenario.draw(7, number));
        }
        assertThat(Scenario.draw(7, 1)).isNotEqualTo(Scenario.draw(8, 1));
    }
}
