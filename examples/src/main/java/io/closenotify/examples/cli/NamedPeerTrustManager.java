package io.closenotify.examples.cli;

import java.io.IOException;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.bouncycastle.est.jcajce.JsseDefaultHostnameAuthorizer;

/** Checks the name in a server's certificate as well, which the QUIC codec leaves to others. */
final class NamedPeerTrustManager extends X509ExtendedTrustManager {

    private final X509ExtendedTrustManager chains;
    private final String host;

    NamedPeerTrustManager(X509ExtendedTrustManager chains, String host) {
        this.chains = chains;
        this.host = host;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        chains.checkServerTrusted(chain, authType, engine);
        checkName(chain[0]);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        chains.checkServerTrusted(chain, authType, socket);
        checkName(chain[0]);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        chains.checkServerTrusted(chain, authType);
        checkName(chain[0]);
    }

    private void checkName(X509Certificate certificate) throws CertificateException {
        try {
            if (new JsseDefaultHostnameAuthorizer(Set.of()).verify(host, certificate)) {
                return;
            }
        } catch (IOException e) {
            throw new CertificateException("no name matching " + host + " found", e);
        }
        throw new CertificateException("no name matching " + host + " found");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        chains.checkClientTrusted(chain, authType, engine);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        chains.checkClientTrusted(chain, authType, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        chains.checkClientTrusted(chain, authType);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return chains.getAcceptedIssuers();
    }
}
