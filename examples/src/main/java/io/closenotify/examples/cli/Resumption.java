package io.closenotify.examples.cli;

import io.closenotify.examples.probe.tls.Sessions;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.SslContext;
import io.netty.incubator.codec.quic.QuicChannel;
import java.lang.reflect.Method;
import java.security.SecureRandom;
import javax.net.ssl.SSLEngine;

/** What differs between the engines about resuming sessions. */
final class Resumption {

    private Resumption() {
    }

    /** The JDK resumes by itself; Netty's BoringSSL context issues tickets and keeps sessions only on demand. */
    static void enable(SslContext context) {
        Sessions.keep(context);
        if (context.isServer() && context.sessionContext() instanceof OpenSslSessionContext sessions) {
            sessions.setTicketKeys(ticketKey());
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
    static boolean resumed(SSLEngine engine, long connectionStart) {
        return Sessions.resumed(engine, connectionStart);
    }

    /** The same for QUIC, whose codec knows but does not tell; false if it cannot be asked. */
    static boolean resumed(QuicChannel channel) {
        SSLEngine engine = channel.sslEngine();
        if (engine == null) {
            return false;
        }
        try {
            Method reused = engine.getClass().getDeclaredMethod("isSessionReused");
            reused.setAccessible(true);
            return (boolean) reused.invoke(engine);
        } catch (ReflectiveOperationException | RuntimeException e) {
            return false;
        }
    }
}
