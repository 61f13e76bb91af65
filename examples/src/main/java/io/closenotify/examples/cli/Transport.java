package io.closenotify.examples.cli;

import io.closenotify.observe.ShutdownObserver;
import java.io.IOException;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A protocol with all that was chosen for it: how to serve by it, and how to connect. */
interface Transport {

    /** Whether a shutdown waits for what was written before. */
    boolean flushes();

    /**
     * Prepares a server.
     *
     * @param identity what it shows to clients, or {@code null} for a self-signed certificate
     * @throws SSLException if the files are not what they should be; also {@link IllegalArgumentException}
     */
    Listener listener(@Nullable KeyFiles identity) throws SSLException;

    /**
     * Prepares a client.
     *
     * @throws SSLException if the file is not what it should be; also {@link IllegalArgumentException}
     */
    Connector connector(Trust trust, HostAndPort target) throws SSLException;

    /** Opens a server. */
    @FunctionalInterface
    interface Listener {

        Server listen(App app, Consumer<? super ConnectionReport> reports, ShutdownObserver observer, Log log,
                String host, int port) throws IOException;

        /** Opens a server that nobody observes. */
        default Server listen(App app, Consumer<? super ConnectionReport> reports, Log log, String host, int port)
                throws IOException {
            return listen(app, reports, ShutdownObserver.none(), log, host, port);
        }
    }

    /** Opens a client. */
    @FunctionalInterface
    interface Connector {

        /** Opens a client; without {@code autoRead} its connections read nothing before their shutdown. */
        Client open(boolean autoRead, Log log) throws IOException;
    }
}
