package io.closenotify.dtls;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.security.KeyStore;
import java.security.cert.Certificate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** Contexts of DTLS with one certificate. */
final class TestContexts {

    private static final char[] PASSWORD = "closenotify".toCharArray();
    private static final KeyManagerFactory KEYS = keys();

    private TestContexts() {
    }

    private static KeyManagerFactory keys() {
        try {
            SelfSignedCertificate certificate = new SelfSignedCertificate("localhost");
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("server", certificate.key(), PASSWORD, new Certificate[] {certificate.cert()});
            certificate.delete();
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, PASSWORD);
            return keys;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    static SSLContext server() {
        return context(true);
    }

    static SSLContext client() {
        return context(false);
    }

    private static SSLContext context(boolean server) {
        try {
            SSLContext context = SSLContext.getInstance("DTLS");
            context.init(server ? KEYS.getKeyManagers() : null,
                    InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
            return context;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
