package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {

    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1_000);
    private final RateLimit limit = new RateLimit(1_000, clock::get);

    private int takeAll() {
        int taken = 0;
        while (taken < 10_000 && limit.take()) {
            taken++;
        }
        return taken;
    }

    @Test
    void a_fiftieth_of_a_second_is_given_at_once() {
        assertThat(takeAll()).isEqualTo(20);
    }

    @Test
    void what_was_taken_comes_back_with_time_and_no_more_of_it() {
        takeAll();
        clock.addAndGet(Duration.ofMillis(5).toNanos());
        assertThat(takeAll()).isEqualTo(5);
        clock.addAndGet(Duration.ofDays(1).toNanos());
        assertThat(takeAll()).isEqualTo(20);
    }

    @Test
    void a_second_has_no_more_than_it_may_whenever_it_is_asked() {
        takeAll();
        int taken = 0;
        for (int i = 0; i < 4_000; i++) {
            clock.addAndGet(Duration.ofMillis(1).toNanos() / 4);
            taken += takeAll();
        }
        assertThat(taken).isEqualTo(1_000);
    }

    @Test
    void one_a_second_is_one() {
        RateLimit slow = new RateLimit(1, clock::get);
        assertThat(slow.take()).isTrue();
        assertThat(slow.take()).isFalse();
        clock.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(slow.take()).isTrue();
    }
}
