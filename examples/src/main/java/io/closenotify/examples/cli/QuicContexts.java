package io.closenotify.examples.cli;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import io.netty.incubator.codec.quic.BoringSSLKeylog;
import io.netty.incubator.codec.quic.QuicSslContext;
import io.netty.incubator.codec.quic.QuicSslContextBuilder;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Makes the {@code QuicSslContext}s of clients and servers. */
record QuicContexts(List<String> alpn) {

    /** QUIC cannot do without a name; this one stands where none was chosen. */
    static final String DEFAULT_ALPN = "closenotify";

    /** Offers these, or the one that stands where none was chosen. */
    static QuicContexts offering(List<String> alpn) {
        return new QuicContexts(alpn.isEmpty() ? List.of(DEFAULT_ALPN) : alpn);
    }

    QuicSslContext server(SelfSignedCertificate certificate) {
        return built(QuicSslContextBuilder.forServer(certificate.key(), null, certificate.cert()));
    }

    QuicSslContext server(KeyFiles identity) {
        return built(QuicSslContextBuilder.forServer(identity.key(), null, identity.certificate()));
    }

    /** A client that trusts whom it is told to, and checks the server's name unless it trusts anyone. */
    QuicSslContext client(Trust trust, String host) throws SSLException {
        QuicSslContextBuilder builder = QuicSslContextBuilder.forClient();
        if (trust.anyone()) {
            return built(builder.trustManager(InsecureTrustManagerFactory.INSTANCE));
        }
        return built(builder.trustManager(new NamedPeerTrustManager(trustManager(trust.only()), host)));
    }

    /** A client that trusts anyone, and tells its keys. */
    QuicSslContext client(BoringSSLKeylog keys) {
        return built(QuicSslContextBuilder.forClient()
                .trustManager(InsecureTrustManagerFactory.INSTANCE).keylog(keys));
    }

    private QuicSslContext built(QuicSslContextBuilder builder) {
        return builder.applicationProtocols(alpn.toArray(String[]::new)).build();
    }

    private static X509ExtendedTrustManager trustManager(@Nullable File trusted) throws SSLException {
        try {
            TrustManagerFactory factory =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusted == null ? null : keyStore(trusted));
            return Arrays.stream(factory.getTrustManagers())
                    .filter(X509ExtendedTrustManager.class::isInstance)
                    .map(X509ExtendedTrustManager.class::cast)
                    .findFirst()
                    .orElseThrow();
        } catch (GeneralSecurityException | IOException e) {
            throw new SSLException(Failures.describe(e), e);
        }
    }

    private static KeyStore keyStore(File trusted) throws GeneralSecurityException, IOException {
        Collection<? extends Certificate> certificates;
        try (InputStream in = new FileInputStream(trusted)) {
            certificates = CertificateFactory.getInstance("X.509").generateCertificates(in);
        }
        if (certificates.isEmpty()) {
            throw new CertificateException("no certificate in it");
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        for (Certificate certificate : certificates) {
            store.setCertificateEntry(Integer.toString(store.size()), certificate);
        }
        return store;
    }
}
