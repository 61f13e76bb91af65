package io.closenotify.examples.cli;

import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.internal.tcnative.SSL;
import java.security.SecureRandom;
import javax.net.ssl.SSLEngine;

/** What differs between the engines about resuming sessions. */
final class Resumption {

    private Resumption() {
    }

    /** The JDK resumes by itself; Netty's BoringSSL context issues tickets and keeps sessions only on demand. */
    static void enable(SslContext context) {
        if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
            sessions.setSessionCacheEnabled(true);
            if (context.isServer()) {
                sessions.setTicketKeys(ticketKey());
            }
        }
    }

    private static OpenSslSessionTicketKey ticketKey() {
        SecureRandom random = new SecureRandom();
        byte[] name = new byte[OpenSslSessionTicketKey.NAME_SIZE];
        byte[] hmacKey = new byte[OpenSslSessionTicketKey.HMAC_KEY_SIZE];
        byte[] aesKey = new byte[OpenSslSessionTicketKey.AES_KEY_SIZE];
        random.nextBytes(name);
        random.nextBytes(hmacKey);
        random.nextBytes(aesKey);
        return new OpenSslSessionTicketKey(name, hmacKey, aesKey);
    }

    /**
     * Tells whether a handshake that has just been completed resumed a session.
     *
     * @param connectionStart when the connection began, by {@link System#currentTimeMillis()}
     */
    static boolean resumed(SslHandler handler, long connectionStart) {
        SSLEngine engine = handler.engine();
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
