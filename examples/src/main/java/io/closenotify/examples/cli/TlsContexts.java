package io.closenotify.examples.cli;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.io.File;
import java.security.cert.CertificateException;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Makes the {@code SslContext}s of clients and servers, able to resume sessions whichever the provider. */
record TlsContexts(Provider provider, List<TlsVersion> versions, List<String> alpn) {

    /** Makes a certificate for localhost that leaves no files behind. */
    static SelfSignedCertificate selfSigned() throws SSLException {
        try {
            SelfSignedCertificate certificate = new SelfSignedCertificate("localhost");
            certificate.delete();
            return certificate;
        } catch (CertificateException e) {
            throw new SSLException("cannot make a self-signed certificate: " + Failures.describe(e), e);
        }
    }

    SslContext server(SelfSignedCertificate certificate) throws SSLException {
        return built(SslContextBuilder.forServer(certificate.key(), certificate.cert()));
    }

    SslContext server(File certificate, File key) throws SSLException {
        return built(SslContextBuilder.forServer(certificate, key));
    }

    /** A client that trusts the JVM's trust store, or only what is in the file, and checks the server's name. */
    SslContext client(@Nullable File trusted) throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient().endpointIdentificationAlgorithm("HTTPS");
        return built(trusted == null ? builder : builder.trustManager(trusted));
    }

    SslContext insecureClient() throws SSLException {
        return built(SslContextBuilder.forClient()
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .endpointIdentificationAlgorithm(null));
    }

    private SslContext built(SslContextBuilder builder) throws SSLException {
        builder.sslProvider(provider.sslProvider())
                .protocols(versions.stream().map(TlsVersion::protocol).toList());
        if (!alpn.isEmpty()) {
            builder.applicationProtocolConfig(new ApplicationProtocolConfig(Protocol.ALPN,
                    SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT, alpn));
        }
        SslContext context = builder.build();
        Resumption.enable(context);
        return context;
    }
}
