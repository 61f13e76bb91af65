package io.closenotify.testsuite.peers;

import io.closenotify.testsuite.Waits;
import java.util.Set;
import java.util.concurrent.BlockingQueue;

/** One side of DTLS that is not ours. Every wait has a deadline; closing it ends the program, or frees the port. */
interface DtlsPeer extends AutoCloseable {

    Set<DtlsFeature> features();

    default boolean can(DtlsFeature feature) {
        return features().contains(feature);
    }

    default void require(DtlsFeature feature) {
        if (!can(feature)) {
            throw new UnsupportedOperationException(feature + " (expected: one of " + features() + ')');
        }
    }

    /** Sends one line; it begins neither with Q nor with R, which mean other things to OpenSSL's client. */
    void send(String line);

    /** Waits until it tells of this line. */
    void awaitReceived(String line) throws InterruptedException;

    /** Sends close_notify. Some do so at the end of their input only, and so once. */
    void closeFirst();

    /** Waits until it tells of the next close_notify that it has received. */
    void awaitCloseNotify() throws InterruptedException;

    /** How many it has told of so far. */
    int closeNotifies();

    /** What it said, for messages. */
    String output();

    /** Waits for what it tells next. */
    default <T> T next(BlockingQueue<T> queue, String what) throws InterruptedException {
        try {
            return Waits.next(queue, what);
        } catch (AssertionError e) {
            throw new AssertionError("output: " + output(), e);
        }
    }

    @Override
    void close();
}
