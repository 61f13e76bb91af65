package io.closenotify.examples.cli;

import org.jspecify.annotations.Nullable;

/** What is specified for the end of one connection. */
@FunctionalInterface
interface DemoSpecification {

    /** Tells what is not as specified, or {@code null}. */
    @Nullable String problem(ConnectionReport client, ConnectionReport server);
}
