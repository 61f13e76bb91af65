package io.closenotify.examples.cli;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.io.File;
import java.security.GeneralSecurityException;
import java.security.NoSuchAlgorithmException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** Makes the {@code SSLContext}s of DTLS clients and servers. */
final class DtlsContexts {

    private static final String SERVER_TICKETS = "jdk.tls.server.enableSessionTicketExtension";

    private DtlsContexts() {
    }

    static SSLContext server(SelfSignedCertificate certificate) throws SSLException {
        return context(PemFiles.keyManagers(certificate.key(), certificate.cert()), null);
    }

    static SSLContext server(KeyFiles identity) throws SSLException {
        return context(PemFiles.keyManagers(identity), null);
    }

    /** A client that trusts whom it is told to. */
    static SSLContext client(Trust trust) throws SSLException {
        return context(null, trustManagers(trust));
    }

    private static TrustManager @Nullable [] trustManagers(Trust trust) throws SSLException {
        if (trust.anyone()) {
            return InsecureTrustManagerFactory.INSTANCE.getTrustManagers();
        }
        File only = trust.only();
        // Without any the JDK trusts whom it trusts by default.
        return only == null ? null : PemFiles.trustManagers(only);
    }

    private static SSLContext context(KeyManager @Nullable [] keys, TrustManager @Nullable [] trust)
            throws SSLException {
        try {
            SSLContext context = withoutTickets();
            context.init(keys, trust, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new SSLException(Failures.describe(e), e);
        }
    }

    /**
     * A server's tickets hold certificates, and a ClientHello that shows one may not fit into a datagram: sessions are
     * resumed by their ids. The JDK looks at the property when it makes a context, and offers no other way.
     */
    private static synchronized SSLContext withoutTickets() throws NoSuchAlgorithmException {
        String before = System.setProperty(SERVER_TICKETS, "false");
        try {
            return SSLContext.getInstance("DTLS");
        } finally {
            if (before == null) {
                System.clearProperty(SERVER_TICKETS);
            } else {
                System.setProperty(SERVER_TICKETS, before);
            }
        }
    }
}
