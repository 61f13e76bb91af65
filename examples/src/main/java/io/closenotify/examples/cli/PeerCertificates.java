package io.closenotify.examples.cli;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** What this JVM thinks of a peer's certificate. */
final class PeerCertificates {

    private PeerCertificates() {
    }

    /** Tells why the chain is not to be trusted, or {@code null} if it is. */
    static @Nullable String doubt(Certificate[] chain, String host) {
        try {
            TrustManagerFactory factory =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init((KeyStore) null);
            X509ExtendedTrustManager trusted = Arrays.stream(factory.getTrustManagers())
                    .filter(X509ExtendedTrustManager.class::isInstance)
                    .map(X509ExtendedTrustManager.class::cast)
                    .findFirst()
                    .orElseThrow();
            X509Certificate[] certificates = Arrays.stream(chain).toArray(X509Certificate[]::new);
            new NamedPeerTrustManager(trusted, host).checkServerTrusted(certificates, "UNKNOWN");
            return null;
        } catch (GeneralSecurityException | RuntimeException e) {
            return Failures.describe(e);
        }
    }
}
