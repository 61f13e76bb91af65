package io.closenotify.drain;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoopWorkerTest {

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicInteger done = new AtomicInteger();
    private final LoopWorker worker = new LoopWorker(channel.eventLoop(), nanos::get);

    LoopWorkerTest() {
        channel.freezeTime();
    }

    private int sliced() {
        channel.runPendingTasks();
        channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        return done.getAndSet(0);
    }

    @Test
    void work_is_done_in_slices_of_five_milliseconds() {
        for (int task = 0; task < 12; task++) {
            worker.submit(() -> {
                done.incrementAndGet();
                nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(1));
            });
        }

        assertThat(sliced()).isEqualTo(5);
        assertThat(sliced()).isEqualTo(5);
        assertThat(sliced()).isEqualTo(2);
        assertThat(sliced()).isZero();
    }

    @Test
    void what_is_submitted_behind_a_slice_waits_for_the_next() {
        worker.submit(done::incrementAndGet);
        assertThat(sliced()).isEqualTo(1);

        worker.submit(done::incrementAndGet);
        assertThat(sliced()).isEqualTo(1);
        assertThat(sliced()).isZero();
        worker.submit(done::incrementAndGet);
        assertThat(sliced()).isEqualTo(1);
    }

    @Test
    void a_task_that_throws_does_not_keep_the_others_from_running() {
        worker.submit(() -> {
            throw new AssertionError("thrown by the test");
        });
        worker.submit(done::incrementAndGet);

        assertThat(sliced()).isEqualTo(1);
    }
}
