package io.closenotify.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * Records what Netty's leak detector reports, and every warning and error that Netty and Closenotify log.
 *
 * <p>Netty must log to {@code java.util.logging}, its choice where no other framework is on the class path, and leak
 * detection should be at level {@code paranoid} ({@code -Dio.netty.leakDetection.level=paranoid}). A leak is reported
 * once its buffer was collected and another one is allocated: see {@link #provokeLeakReports(Duration)}.
 *
 * <p><b>Threading.</b> All methods may be called from any thread.
 */
public final class LeakAndLogRecorder implements AutoCloseable {

    private static final String LEAK = "LEAK: ";

    // java.util.logging keeps loggers weakly: without these references a handler would be lost with its logger.
    private final List<Logger> loggers = List.of(Logger.getLogger("io.netty"), Logger.getLogger("io.closenotify"));
    private final BlockingQueue<String> leaks = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> warnings = new LinkedBlockingQueue<>();
    private final Handler handler = new RecordingHandler();

    private LeakAndLogRecorder() {
    }

    /**
     * Begins to record.
     *
     * @return a recorder; close it to stop
     * @throws IllegalStateException if Netty does not log to {@code java.util.logging}: nothing would be seen
     */
    public static LeakAndLogRecorder start() {
        requireJavaUtilLogging();
        LeakAndLogRecorder recorder = new LeakAndLogRecorder();
        recorder.loggers.forEach(logger -> logger.addHandler(recorder.handler));
        return recorder;
    }

    private static void requireJavaUtilLogging() {
        Logger own = Logger.getLogger("io.netty.testkit");
        AtomicBoolean heard = new AtomicBoolean();
        Handler ear = new Handler() {
            @Override
            public void publish(LogRecord event) {
                heard.set(true);
            }

            @Override
            public void flush() {
                // Nothing is kept.
            }

            @Override
            public void close() {
                // Nothing is held.
            }
        };
        own.setUseParentHandlers(false);
        own.addHandler(ear);
        try {
            InternalLoggerFactory.getInstance(own.getName()).warn("is this heard?");
        } finally {
            own.removeHandler(ear);
        }
        if (!heard.get()) {
            throw new IllegalStateException("Netty logs by " + InternalLoggerFactory.getDefaultFactory().getClass()
                    + " (expected: to java.util.logging in the end, or neither leaks nor warnings are seen)");
        }
    }

    /**
     * Returns the leaks reported since the last call.
     *
     * @return one report each, with its records
     */
    public List<String> takeLeaks() {
        return take(leaks);
    }

    /**
     * Returns the warnings and errors logged since the last call, without the reports of leaks.
     *
     * @return one line each, with the stack trace of what was thrown
     */
    public List<String> takeWarnings() {
        return take(warnings);
    }

    private static List<String> take(BlockingQueue<String> queue) {
        List<String> taken = new ArrayList<>();
        queue.drainTo(taken);
        return taken;
    }

    /**
     * Makes the leak detector report: collects garbage and allocates a few buffers of each kind.
     *
     * @param timeout how long to wait for each of two runs of the garbage collector at most
     * @return whether it has run; if not, leaks may have gone unreported
     * @throws InterruptedException if the thread was interrupted
     */
    public boolean provokeLeakReports(Duration timeout) throws InterruptedException {
        // References are handed over one collection at a time: once the second one shows up, all of the first have.
        boolean ran = collectGarbage(timeout);
        ran &= collectGarbage(timeout);
        for (int i = 0; i < 4; i++) {
            for (ByteBuf buffer : List.of(
                    PooledByteBufAllocator.DEFAULT.directBuffer(1),
                    PooledByteBufAllocator.DEFAULT.heapBuffer(1),
                    PooledByteBufAllocator.DEFAULT.compositeBuffer(),
                    UnpooledByteBufAllocator.DEFAULT.directBuffer(1))) {
                buffer.release();
            }
        }
        return ran;
    }

    private static boolean collectGarbage(Duration timeout) throws InterruptedException {
        ReferenceQueue<Object> collected = new ReferenceQueue<>();
        WeakReference<Object> witness = new WeakReference<>(new Object(), collected);
        System.gc();
        return collected.remove(Math.max(1, timeout.toMillis())) == witness;
    }

    @Override
    public void close() {
        loggers.forEach(logger -> logger.removeHandler(handler));
    }

    private final class RecordingHandler extends Handler {

        private final SimpleFormatter formatter = new SimpleFormatter();

        RecordingHandler() {
            setLevel(Level.WARNING);
        }

        @Override
        public void publish(LogRecord event) {
            if (!isLoggable(event)) {
                return;
            }
            String message = formatter.formatMessage(event);
            if (message.startsWith(LEAK)) {
                leaks.add(message);
            } else {
                warnings.add(event.getLevel() + " " + event.getLoggerName() + ": " + message + trace(event));
            }
        }

        private static String trace(LogRecord event) {
            if (event.getThrown() == null) {
                return "";
            }
            StringWriter trace = new StringWriter();
            event.getThrown().printStackTrace(new PrintWriter(trace, true));
            return System.lineSeparator() + trace;
        }

        @Override
        public void flush() {
            // Nothing is held back.
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }
}
