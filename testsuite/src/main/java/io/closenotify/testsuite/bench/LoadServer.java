package io.closenotify.testsuite.bench;

import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.net.InetSocketAddress;
import java.time.Duration;

/** What {@link ServerProcess} can run. */
interface LoadServer {

    /** Its name, which no other has. */
    String name();

    /**
     * Starts it.
     *
     * @param linger how long our server keeps a connection that both ends have closed
     */
    Running start(SelfSignedCertificate certificate, Duration linger) throws Exception;

    static LoadServer valueOf(String name) {
        for (LoadServer[] servers : new LoadServer[][] {DtlsServer.values(), TlsServer.values()}) {
            for (LoadServer server : servers) {
                if (server.name().equals(name)) {
                    return server;
                }
            }
        }
        throw new IllegalArgumentException(name);
    }

    /** A server that runs. */
    interface Running {

        /** Where. */
        InetSocketAddress address();

        /** Returns when what its connections have to do is done. */
        default void awaitLingerOver() {
        }

        /** Closes all connections; returns how many nanoseconds that took. */
        default long closeAll() {
            throw new UnsupportedOperationException();
        }

        /** How many timers its event loops were given so far. */
        default long timers() {
            throw new UnsupportedOperationException();
        }
    }
}
