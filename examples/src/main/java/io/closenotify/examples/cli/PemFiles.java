package io.closenotify.examples.cli;

import io.netty.handler.ssl.SslContext;
import java.io.File;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;

/** Reads PEM as Netty's contexts do, for a context of the JDK; Netty shows its reader to subclasses only. */
abstract class PemFiles extends SslContext {

    private PemFiles() {
    }

    static KeyManager[] keyManagers(KeyFiles identity) throws SSLException {
        try {
            return keyManagers(toPrivateKey(identity.key(), null), toX509Certificates(identity.certificate()));
        } catch (GeneralSecurityException | IOException e) {
            throw new SSLException(Failures.describe(e), e);
        }
    }

    static KeyManager[] keyManagers(PrivateKey key, X509Certificate... chain) throws SSLException {
        try {
            return buildKeyManagerFactory(chain, KeyManagerFactory.getDefaultAlgorithm(), key, null, null, null)
                    .getKeyManagers();
        } catch (GeneralSecurityException | IOException e) {
            throw new SSLException(Failures.describe(e), e);
        }
    }

    static TrustManager[] trustManagers(File certificates) throws SSLException {
        try {
            return buildTrustManagerFactory(certificates, null, null).getTrustManagers();
        } catch (GeneralSecurityException | IOException e) {
            throw new SSLException(Failures.describe(e), e);
        }
    }
}
