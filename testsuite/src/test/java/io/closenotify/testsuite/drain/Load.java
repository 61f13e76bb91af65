package io.closenotify.testsuite.drain;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.drain.BeforeCloseHook;
import io.closenotify.drain.Drain;
import io.closenotify.drain.DrainPolicy;
import io.closenotify.drain.DrainReport;
import io.netty.util.concurrent.Future;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Ten thousand requests that clients keep in flight on a few connections each, to a server that is drained in the
 * middle, and to the next one. What a client knows to be unprocessed it sends again, as often as it must; what ended
 * without a complete response in any other way is lost.
 */
final class Load {

    static final int REQUESTS = 10_000;
    private static final Duration SPREAD = Duration.ofMillis(100);
    private static final Duration DEADLINE = Duration.ofSeconds(120);

    private final AtomicIntegerArray accepted = new AtomicIntegerArray(REQUESTS);
    private final AtomicIntegerArray answered = new AtomicIntegerArray(REQUESTS);
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger finished = new AtomicInteger();
    private final Queue<Integer> again = new ConcurrentLinkedQueue<>();
    private final Queue<Integer> lost = new ConcurrentLinkedQueue<>();
    private final AtomicInteger refused = new AtomicInteger();
    private final CompletableFuture<@Nullable Void> half = new CompletableFuture<>();
    private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    private volatile @Nullable SocketAddress target;

    /** What became of the requests. */
    record Report(int lost, int sentAgain, List<Integer> notAcceptedOnce, List<Integer> notAnsweredOnce,
            DrainReport drained) {
    }

    /** What speaks the protocol. */
    interface Protocol extends AutoCloseable {

        Server listen(Load load) throws Exception;

        /** Opens a connection, and tells the client's side of it. */
        void connect(SocketAddress address, ClientSide client);

        @Override
        void close();
    }

    /** One of the two servers. */
    interface Server {

        SocketAddress address();

        /** Lets a drain know of the server and its connections. */
        void join(Drain.Builder drain);
    }

    /** Drains the first server in the middle of the load. */
    Report run(Protocol protocol, int connections, int inFlight, BeforeCloseHook... hooks) throws Exception {
        DrainReport drained;
        try (protocol) {
            Server first = protocol.listen(this);
            Server second = protocol.listen(this);
            Drain.Builder builder = Drain.builder()
                    .policy(DrainPolicy.atOnce().toBuilder().spread(SPREAD).deadline(DEADLINE)
                            .hooks(hooks).hookTimeout(DEADLINE).build());
            first.join(builder);
            Drain drain = builder.build();
            target = first.address();
            for (int i = 0; i < connections; i++) {
                new ClientSide(this, protocol, inFlight, i % 2 == 0 ? 0 : i % 8).connect();
            }
            half.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            target = second.address();
            Future<DrainReport> ended = drain.start();
            assertThat(ended.await(DEADLINE.toSeconds(), TimeUnit.SECONDS)).as("drained").isTrue();
            drained = ended.getNow();
            done.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        }
        return new Report(lost.size(), refused.get(),
                IntStream.range(0, REQUESTS).filter(id -> accepted.get(id) != 1).boxed().toList(),
                IntStream.range(0, REQUESTS).filter(id -> answered.get(id) != 1).boxed().toList(), drained);
    }

    @Nullable SocketAddress target() {
        return target;
    }

    /** What is said to a request. */
    static String body(int id) {
        return id + " " + "x".repeat(id % 2_000);
    }

    /** How long the application takes for each of the two parts of its response. */
    static long millis(int id) {
        return id % 4;
    }

    // Called by servers

    void accepted(int id) {
        accepted.incrementAndGet(id);
    }

    // Called by clients

    @Nullable Integer take() {
        Integer retry = again.poll();
        if (retry != null) {
            return retry;
        }
        int id = next.getAndUpdate(last -> Math.min(last + 1, REQUESTS));
        return id < REQUESTS ? id : null;
    }

    void answered(int id, String body) {
        if (body.equals(body(id))) {
            answered.incrementAndGet(id);
        } else {
            lost.add(id);
        }
        finish();
    }

    void unprocessed(int id) {
        refused.incrementAndGet();
        again.add(id);
    }

    void lost(int id) {
        lost.add(id);
        finish();
    }

    boolean isDone() {
        return done.isDone();
    }

    private void finish() {
        int count = finished.incrementAndGet();
        if (count == REQUESTS / 2) {
            half.complete(null);
        }
        if (count == REQUESTS) {
            done.complete(null);
        }
    }
}
