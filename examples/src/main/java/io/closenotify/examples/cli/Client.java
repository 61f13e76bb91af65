package io.closenotify.examples.cli;

import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.function.Consumer;

/** Connects to one server, as often as asked. */
interface Client extends AutoCloseable {

    /**
     * Connects.
     *
     * @param app what to do with the connection
     * @param reports receives the report, once, at the outcome
     * @return completes when the connection is gone
     * @throws IOException if there is nobody to connect to
     */
    Future<?> connect(App app, Consumer<? super ConnectionReport> reports) throws IOException;

    /** Waits, a bounded time, until late packets of the peers need no answer any more. */
    @Override
    void close();
}
