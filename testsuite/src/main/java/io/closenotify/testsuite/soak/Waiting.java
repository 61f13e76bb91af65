package io.closenotify.testsuite.soak;

import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for what must come, and for what may. */
final class Waiting {

    /** Longer than any starved machine needs. */
    static final Duration DEADLINE = Duration.ofSeconds(60);

    private Waiting() {
    }

    static <T> T until(CompletableFuture<T> future, String what) throws InterruptedException {
        try {
            return future.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(what + " (expected: within " + DEADLINE + ')', e);
        }
    }

    /** Leaves both ends alone for a while, shuts down who has not ended, and waits for both. */
    static void untilEnded(Application client, Application server, Duration patience) throws InterruptedException {
        CompletableFuture<Void> both = CompletableFuture.allOf(client.ended(), server.ended());
        if (!atMost(both, patience)) {
            client.shutDown();
            server.shutDown();
        }
        until(both, "the outcomes of both ends");
    }

    /** Whether it was done by then. */
    static boolean atMost(CompletableFuture<?> future, Duration time) throws InterruptedException {
        try {
            future.get(time.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    static <T> T until(Future<T> future, String what) throws InterruptedException {
        if (!future.await(DEADLINE.toMillis())) {
            throw new IllegalStateException(what + " (expected: within " + DEADLINE + ')');
        }
        return future.syncUninterruptibly().getNow();
    }
}
