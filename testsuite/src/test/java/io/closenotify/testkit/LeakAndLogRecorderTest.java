package io.closenotify.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.testsuite.Waits;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class LeakAndLogRecorderTest {

    private static final InternalLogger NETTY = InternalLoggerFactory.getInstance("io.netty.test");

    private static void leak() {
        PooledByteBufAllocator.DEFAULT.directBuffer(16).writeByte(1);
    }

    private static void allocateAndRelease() {
        PooledByteBufAllocator.DEFAULT.directBuffer(16).release();
    }

    @Test
    void a_recorder_that_would_hear_nothing_is_refused() {
        InternalLogger deaf = (InternalLogger) Proxy.newProxyInstance(InternalLogger.class.getClassLoader(),
                new Class<?>[] {InternalLogger.class}, (proxy, method, arguments) -> null);
        InternalLoggerFactory before = InternalLoggerFactory.getDefaultFactory();
        InternalLoggerFactory.setDefaultFactory(new InternalLoggerFactory() {
            @Override
            protected InternalLogger newInstance(String name) {
                return deaf;
            }
        });
        try {
            assertThatThrownBy(LeakAndLogRecorder::start)
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("java.util.logging");
        } finally {
            InternalLoggerFactory.setDefaultFactory(before);
        }
    }

    @Test
    void buffer_that_was_never_released_is_reported_once_provoked() throws Exception {
        try (LeakAndLogRecorder recorder = LeakAndLogRecorder.start()) {
            leak();

            assertThat(recorder.provokeLeakReports(Waits.DEADLINE)).isTrue();

            assertThat(recorder.takeLeaks()).anySatisfy(leak -> assertThat(leak)
                    .startsWith("LEAK: ByteBuf.release() was not called")
                    .contains("LeakAndLogRecorderTest.leak"));
            assertThat(recorder.takeLeaks()).as("taken").isEmpty();
            assertThat(recorder.takeWarnings()).isEmpty();
        }
    }

    @Test
    void buffer_that_was_released_is_not_reported() throws Exception {
        try (LeakAndLogRecorder recorder = LeakAndLogRecorder.start()) {
            allocateAndRelease();

            assertThat(recorder.provokeLeakReports(Waits.DEADLINE)).isTrue();

            assertThat(recorder.takeLeaks()).noneMatch(leak -> leak.contains("allocateAndRelease"));
        }
    }

    @Test
    void warnings_and_errors_are_recorded_with_what_was_thrown() {
        try (LeakAndLogRecorder recorder = LeakAndLogRecorder.start()) {
            NETTY.info("not this");
            NETTY.warn("a warning");
            NETTY.error("an error", new IOException("thrown"));
            Logger.getLogger("io.closenotify.test").warning("ours");
            Logger.getLogger("com.example").warning("not this either");

            assertThat(recorder.takeWarnings()).satisfiesExactly(
                    line -> assertThat(line).isEqualTo("WARNING io.netty.test: a warning"),
                    line -> assertThat(line).startsWith("SEVERE io.netty.test: an error")
                            .contains("java.io.IOException: thrown", "\tat "),
                    line -> assertThat(line).isEqualTo("WARNING io.closenotify.test: ours"));
        }
    }

    @Test
    void nothing_is_recorded_after_close() {
        LeakAndLogRecorder recorder = LeakAndLogRecorder.start();
        recorder.close();

        NETTY.warn("too late");

        assertThat(recorder.takeWarnings()).isEmpty();
    }
}
