package io.closenotify.dtls;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** Contexts of the JDK, of which one serves both roles. */
final class DtlsContexts {

    private static final char[] PASSWORD = new char[0];
    private static final SelfSignedCertificate CERTIFICATE = certificate();

    private DtlsContexts() {
    }

    private static SelfSignedCertificate certificate() {
        try {
            SelfSignedCertificate certificate = new SelfSignedCertificate("localhost");
            certificate.delete();
            return certificate;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static SSLContext context() {
        try {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, PASSWORD);
            keys.setKeyEntry("key", CERTIFICATE.key(), PASSWORD, new X509Certificate[] {CERTIFICATE.cert()});
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(keys, PASSWORD);
            SSLContext context = SSLContext.getInstance("DTLS");
            context.init(factory.getKeyManagers(), InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A context whose clients ask for no session ticket: sessions are resumed by their id. */
    static synchronized SSLContext withoutTickets() {
        String property = "jdk.tls.client.enableSessionTicketExtension";
        String before = System.getProperty(property);
        System.setProperty(property, "false");
        try {
            return context();
        } finally {
            if (before == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, before);
            }
        }
    }
}
