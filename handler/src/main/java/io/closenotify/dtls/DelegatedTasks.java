package io.closenotify.dtls;

import io.netty.util.NettyRuntime;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Where engines' long tasks run unless the user says otherwise. */
final class DelegatedTasks {

    static final Executor EXECUTOR = executor();

    private DelegatedTasks() {
    }

    private static Executor executor() {
        int threads = NettyRuntime.availableProcessors();
        ThreadPoolExecutor executor = new ThreadPoolExecutor(threads, threads, 10, TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(), new DefaultThreadFactory("closenotify-dtls-tasks", true));
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }
}
