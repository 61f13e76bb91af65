package io.closenotify.examples.probe.tls;

import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.internal.tcnative.SSL;
import javax.net.ssl.SSLEngine;

/** What differs between the engines about a client's sessions. */
public final class Sessions {

    private Sessions() {
    }

    /** The JDK keeps sessions by itself; Netty's BoringSSL context only on demand. */
    public static void keep(SslContext context) {
        if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
            sessions.setSessionCacheEnabled(true);
        }
    }

    /**
     * Tells whether a handshake that has just been completed resumed a session.
     *
     * @param connectionStart when the connection began, by {@link System#currentTimeMillis()}
     */
    public static boolean resumed(SSLEngine engine, long connectionStart) {
        if (engine instanceof ReferenceCountedOpenSslEngine boringSsl) {
            synchronized (boringSsl) {
                long pointer = boringSsl.sslPointer();
                return pointer != 0 && SSL.isSessionReused(pointer);
            }
        }
        // A resumed session keeps the time of the handshake that made it.
        return engine.getSession().getCreationTime() < connectionStart;
    }
}
