package io.closenotify.testsuite;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Fails a test during which Netty or Closenotify logged a warning or an error, and a class after which the leak
 * detector has something to report. {@link ExpectedLog} on the method or the class makes exceptions.
 *
 * <p>Leaks are looked for once a class, because each look needs a run of the garbage collector.
 */
public final class LeakAndLogCheck implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {

    private static final Namespace NAMESPACE = Namespace.create(LeakAndLogCheck.class);
    private static final Duration COLLECTION = Duration.ofSeconds(10);

    @Override
    public void beforeAll(ExtensionContext context) {
        context.getStore(NAMESPACE).put(LeakAndLogRecorder.class, LeakAndLogRecorder.start());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        check(context, "warnings logged during the test", recorder(context).takeWarnings());
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        try (LeakAndLogRecorder recorder = recorder(context)) {
            assertThat(recorder.provokeLeakReports(COLLECTION)).as("garbage was collected").isTrue();
            check(context, "leaks", recorder.takeLeaks());
            check(context, "warnings logged after the last test", recorder.takeWarnings());
        }
    }

    private static LeakAndLogRecorder recorder(ExtensionContext context) {
        return context.getStore(NAMESPACE).get(LeakAndLogRecorder.class, LeakAndLogRecorder.class);
    }

    private static void check(ExtensionContext context, String what, List<String> lines) {
        List<String> expected = Stream.of(context.getTestMethod(), context.getTestClass())
                .flatMap(Optional::stream)
                .flatMap(element -> AnnotationSupport.findAnnotation(element, ExpectedLog.class).stream())
                .flatMap(annotation -> Stream.of(annotation.value()))
                .toList();
        assertThat(lines).as(what).allSatisfy(line -> assertThat(expected).anySatisfy(
                text -> assertThat(line).contains(text)));
    }
}
