package io.closenotify.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

class LeakAndLogCheckTest {

    private static final InternalLogger NETTY = InternalLoggerFactory.getInstance("io.netty.test");
    private static final String RUN_BY_TEST = "closenotify.runByLeakAndLogCheckTest";

    @ExtendWith(LeakAndLogCheck.class)
    @EnabledIfSystemProperty(named = RUN_BY_TEST, matches = "true")
    static class Warning {

        @Test
        void logs() {
            NETTY.warn("unexpected");
        }

        @Test
        @ExpectedLog("foreseen")
        void logs_what_is_expected() {
            NETTY.warn("this was foreseen");
        }

        @Test
        @ExpectedLog("foreseen")
        void logs_more_than_expected() {
            NETTY.warn("this was foreseen");
            NETTY.warn("this was not");
        }

        @Test
        void is_silent() {
            NETTY.info("nothing to see");
        }
    }

    @ExtendWith(LeakAndLogCheck.class)
    @EnabledIfSystemProperty(named = RUN_BY_TEST, matches = "true")
    static class Leak {

        @Test
        void leaks() {
            PooledByteBufAllocator.DEFAULT.directBuffer(16).writeByte(1);
        }
    }

    private static EngineExecutionResults run(Class<?> tests) {
        System.setProperty(RUN_BY_TEST, "true");
        try {
            return EngineTestKit.engine("junit-jupiter").selectors(DiscoverySelectors.selectClass(tests)).execute();
        } finally {
            System.clearProperty(RUN_BY_TEST);
        }
    }

    private static List<String> names(List<Event> events) {
        return events.stream().map(event -> event.getTestDescriptor().getDisplayName().replace("()", "")).toList();
    }

    @Test
    void warning_fails_the_test_that_logged_it_unless_it_is_expected() {
        EngineExecutionResults results = run(Warning.class);

        assertThat(names(results.testEvents().failed().list()))
                .containsExactlyInAnyOrder("logs", "logs_more_than_expected");
        assertThat(names(results.testEvents().succeeded().list()))
                .containsExactlyInAnyOrder("logs_what_is_expected", "is_silent");
        assertThat(results.containerEvents().failed().list()).isEmpty();
    }

    @Test
    void leak_fails_the_class() {
        EngineExecutionResults results = run(Leak.class);

        assertThat(results.testEvents().failed().list()).isEmpty();
        assertThat(names(results.containerEvents().failed().list())).containsExactly("LeakAndLogCheckTest$Leak");
    }
}
