package io.closenotify.testsuite.soak;

import java.util.concurrent.CompletableFuture;

/** One end of a connection at work. */
interface Application {

    /** Done when all is over. */
    CompletableFuture<?> ended();

    /** Asks for the shutdown, from any thread. */
    void shutDown();
}
