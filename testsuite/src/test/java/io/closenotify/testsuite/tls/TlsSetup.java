package io.closenotify.testsuite.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLException;

/** One engine with one protocol version; contexts are made once. */
record TlsSetup(SslProvider provider, String protocol) {

    private static final SelfSignedCertificate CERTIFICATE = certificate();
    private static final Map<String, SslContext> CONTEXTS = new ConcurrentHashMap<>();

    static List<TlsSetup> all() {
        List<TlsSetup> setups = new ArrayList<>();
        for (SslProvider provider : List.of(SslProvider.JDK, SslProvider.OPENSSL)) {
            for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
                setups.add(new TlsSetup(provider, protocol));
            }
        }
        return setups;
    }

    private static SelfSignedCertificate certificate() {
        try {
            return new SelfSignedCertificate("localhost", "EC", 256);
        } catch (CertificateException e) {
            throw new IllegalStateException(e);
        }
    }

    static SelfSignedCertificate sharedCertificate() {
        return CERTIFICATE;
    }

    boolean tls13() {
        return protocol.equals("TLSv1.3");
    }

    boolean boringSsl() {
        return provider == SslProvider.OPENSSL;
    }

    TlsSetup with(SslProvider other) {
        return new TlsSetup(other, protocol);
    }

    SslContext context(boolean client) {
        return CONTEXTS.computeIfAbsent(provider + protocol + client, key -> newContext(client));
    }

    SslContext newContext(boolean client) {
        try {
            SslContextBuilder builder = client
                    ? SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE)
                    : SslContextBuilder.forServer(CERTIFICATE.certificate(), CERTIFICATE.privateKey());
            return builder.sslProvider(provider).protocols(protocol).endpointIdentificationAlgorithm(null).build();
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
    }

    SslHandler handler(boolean client) {
        return context(client).newHandler(ByteBufAllocator.DEFAULT);
    }

    @Override
    public String toString() {
        return (boringSsl() ? "BoringSSL" : "JDK") + ' ' + protocol;
    }
}
