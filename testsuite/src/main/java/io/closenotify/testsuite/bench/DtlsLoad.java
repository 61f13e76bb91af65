package io.closenotify.testsuite.bench;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Clients of a server, a few at work at a time. */
final class DtlsLoad implements AutoCloseable {

    static final int THREADS = 8;

    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

    /** What a client does. */
    @FunctionalInterface
    interface Step {

        void run(DtlsPeer peer) throws Exception;
    }

    static List<DtlsPeer> open(InetSocketAddress server, int count) throws Exception {
        List<DtlsPeer> peers = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            peers.add(new DtlsPeer(server));
        }
        return peers;
    }

    /** Has each client do something, and returns when all have. */
    void each(List<DtlsPeer> peers, Step step) throws Exception {
        List<Future<?>> shares = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            int first = thread;
            shares.add(threads.submit(() -> {
                for (int i = first; i < peers.size(); i += THREADS) {
                    step.run(peers.get(i));
                }
                return null;
            }));
        }
        for (Future<?> share : shares) {
            share.get();
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
