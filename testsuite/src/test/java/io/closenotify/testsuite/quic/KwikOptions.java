package io.closenotify.testsuite.quic;

import java.time.Duration;

/**
 * How a side of kwik's is set up.
 *
 * @param idleTimeout at least 10 ms
 * @param streamWindow how many bytes we may send at first on each stream, 1,500 at least, and ten times as many in all;
 *     a client's one-way streams have 250,000 whatever this says
 */
record KwikOptions(String protocol, Duration idleTimeout, long streamWindow, Application application) {

    /** What kwik's side does with the streams that the peer opens; it reads all of them to their end. */
    enum Application {
        /** Sends nothing back. */
        SINK,
        /** Sends everything back on two-way streams, the FIN too. */
        ECHO
    }

    static final KwikOptions DEFAULT =
            new KwikOptions(QuicSetup.PROTOCOL, Duration.ofSeconds(30), 1 << 20, Application.SINK);

    KwikOptions withProtocol(String name) {
        return new KwikOptions(name, idleTimeout, streamWindow, application);
    }

    KwikOptions withIdleTimeout(Duration time) {
        return new KwikOptions(protocol, time, streamWindow, application);
    }

    KwikOptions withStreamWindow(long bytes) {
        return new KwikOptions(protocol, idleTimeout, bytes, application);
    }

    KwikOptions with(Application what) {
        return new KwikOptions(protocol, idleTimeout, streamWindow, what);
    }
}
