package io.closenotify.testkit;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * A JUnit 5 extension that fails a test during which Netty or Closenotify logged a warning or an error, and a class
 * after which Netty's leak detector has something to report. {@link ExpectedLog} on the method or the class makes
 * exceptions.
 *
 * <pre>{@code @ExtendWith(LeakAndLogCheck.class)
 * class OurServerTest {
 * }}</pre>
 *
 * <p>Netty has to log to {@code java.util.logging}, and the leak detector should look at every buffer: see
 * {@link LeakAndLogRecorder}. Leaks are looked for once a class, because each look needs a run of the garbage
 * collector. It is the only class of the kit that needs JUnit 5 (JUnit Jupiter's API) on the class path.
 *
 * <p><b>Threading.</b> What is logged by any thread counts for the test that runs meanwhile; with tests that run in
 * parallel in one JVM it may count for another one.
 *
 * <p><b>Timeouts.</b> 10 s for each of two runs of the garbage collector; if it does not run, the class fails.
 *
 * <p><b>Errors.</b> An {@link AssertionError} that holds what was logged, or each leak with its records.
 */
public final class LeakAndLogCheck implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {

    private static final Namespace NAMESPACE = Namespace.create(LeakAndLogCheck.class);
    private static final Duration COLLECTION = Duration.ofSeconds(10);

    /** Creates the extension; JUnit does it. */
    public LeakAndLogCheck() {
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        context.getStore(NAMESPACE).put(LeakAndLogRecorder.class, LeakAndLogRecorder.start());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        LeakAndLogRecorder recorder = recorder(context);
        if (recorder != null) {
            check(context, "warnings logged during the test", recorder.takeWarnings());
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        LeakAndLogRecorder started = recorder(context);
        if (started == null) {
            return;
        }
        try (LeakAndLogRecorder recorder = started) {
            if (!recorder.provokeLeakReports(COLLECTION)) {
                throw new AssertionError("no garbage was collected within " + COLLECTION + ": leaks may be unreported");
            }
            check(context, "leaks", recorder.takeLeaks());
            check(context, "warnings logged after the last test", recorder.takeWarnings());
        }
    }

    private static @Nullable LeakAndLogRecorder recorder(ExtensionContext context) {
        return context.getStore(NAMESPACE).get(LeakAndLogRecorder.class, LeakAndLogRecorder.class);
    }

    private static void check(ExtensionContext context, String what, List<String> lines) {
        List<String> expected = Stream.of(context.getTestMethod(), context.getTestClass())
                .flatMap(Optional::stream)
                .flatMap(element -> AnnotationSupport.findAnnotation(element, ExpectedLog.class).stream())
                .flatMap(annotation -> Stream.of(annotation.value()))
                .toList();
        List<String> unexpected = lines.stream().filter(line -> expected.stream().noneMatch(line::contains)).toList();
        if (!unexpected.isEmpty()) {
            throw new AssertionError(what + " (expected: none" + (expected.isEmpty() ? "" : " but " + expected)
                    + "):\n" + String.join("\n", unexpected));
        }
    }
}
