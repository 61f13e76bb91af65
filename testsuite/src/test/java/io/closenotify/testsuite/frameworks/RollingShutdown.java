package io.closenotify.testsuite.frameworks;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.testsuite.Waits;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;

/** A thousand calls over two servers that are shut down and replaced in turn; a call refused is tried elsewhere. */
final class RollingShutdown {

    private static final int CALLS = 1_000;
    private static final int AT_ONCE = 16;
    private static final int REPLACEMENTS = 8;
    private static final int ATTEMPTS = 10;

    private final AtomicIntegerArray accepted = new AtomicIntegerArray(CALLS);
    private final AtomicIntegerArray answered = new AtomicIntegerArray(CALLS);
    private final AtomicInteger next = new AtomicInteger();
    private final BlockingQueue<Throwable> refusals = new LinkedBlockingQueue<>();
    private final BlockingQueue<Integer> finished = new LinkedBlockingQueue<>();
    private final List<Backend> backends = new CopyOnWriteArrayList<>();

    /** A server and its client. */
    interface Backend {

        CompletableFuture<Integer> call(int id);

        /** Lets the server finish what it has accepted, ends both, and checks how the connections ended. */
        void shutDown() throws Exception;
    }

    /** Called by a server's application. */
    void accepted(int id) {
        accepted.incrementAndGet(id);
    }

    void run(Callable<Backend> start) throws Exception {
        backends.add(start.call());
        backends.add(start.call());
        for (int i = 0; i < AT_ONCE; i++) {
            nextCall();
        }
        for (int i = 0; i < REPLACEMENTS; i++) {
            await(CALLS / (REPLACEMENTS + 1));
            // It goes on being called.
            backends.get(i % 2).shutDown();
            backends.set(i % 2, start.call());
        }
        await(CALLS - REPLACEMENTS * (CALLS / (REPLACEMENTS + 1)));
        for (Backend backend : backends) {
            backend.shutDown();
        }
        assertThat(IntStream.range(0, CALLS).filter(id -> answered.get(id) != 1)).as("not answered once").isEmpty();
        assertThat(IntStream.range(0, CALLS).filter(id -> accepted.get(id) != 1)).as("not accepted once").isEmpty();
        assertThat(refusals).as("or nothing was tried").isNotEmpty();
    }

    private void await(int calls) throws InterruptedException {
        for (int i = 0; i < calls; i++) {
            Waits.next(finished, "call " + i + " of " + calls + "; refused: " + refusals);
        }
    }

    private void nextCall() {
        int id = next.getAndIncrement();
        if (id < CALLS) {
            attempt(id, 0);
        }
    }

    private void attempt(int id, int attempt) {
        backends.get((id + attempt) % 2).call(id).whenComplete((answer, refusal) -> {
            if (refusal != null && attempt < ATTEMPTS) {
                refusals.add(refusal);
                attempt(id, attempt + 1);
                return;
            }
            if (refusal == null && answer == id) {
                answered.incrementAndGet(id);
            }
            finished.add(id);
            nextCall();
        });
    }
}
