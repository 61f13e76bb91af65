package io.closenotify.testsuite.bench;

import io.netty.util.concurrent.AbstractScheduledEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** How many tasks an event loop was given for later, by the number that it gives each. */
final class Timers {

    private static final VarHandle LAST = last();

    private Timers() {
    }

    private static VarHandle last() {
        try {
            return MethodHandles.privateLookupIn(AbstractScheduledEventExecutor.class, MethodHandles.lookup())
                    .findVarHandle(AbstractScheduledEventExecutor.class, "nextTaskId", long.class);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** On the event loop, or when it is at rest. */
    static long givenTo(EventExecutor loop) {
        return (long) LAST.getVolatile((AbstractScheduledEventExecutor) loop);
    }
}
