package io.closenotify.testsuite.bench;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs benchmarks on the kind of thread an event loop has. On any other kind Netty's buffer and object pools work
 * without their thread-local caches, which would be measured instead. JMH makes one by its class name.
 */
public final class EventLoopThreads extends ThreadPoolExecutor {

    static final String EXECUTOR = "-Djmh.executor=CUSTOM";
    static final String EXECUTOR_CLASS =
            "-Djmh.executor.class=io.closenotify.testsuite.bench.EventLoopThreads";

    /**
     * Makes the pool; called by JMH.
     *
     * @param threads how many threads
     * @param name the prefix of their names
     */
    public EventLoopThreads(int threads, String name) {
        super(threads, threads, 0, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), new DefaultThreadFactory(name));
    }
}
