package io.closenotify.examples.cli;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Makes the {@code SslContext}s of clients and servers, able to resume sessions whichever the provider. */
record TlsContexts(Provider provider, List<TlsVersion> versions, List<String> alpn) {

    private static @Nullable SelfSignedCertificate selfSigned;

    /** A certificate for localhost that leaves no files behind; one is enough for a process. */
    static synchronized SelfSignedCertificate selfSigned() throws SSLException {
        try {
            if (selfSigned == null) {
                // Some peers take no date that is as far off as Netty's own choice.
                Instant now = Instant.now();
                selfSigned = new SelfSignedCertificate("localhost",
                        Date.from(now.minus(1, ChronoUnit.DAYS)), Date.from(now.plus(365, ChronoUnit.DAYS)),
                        // A key of RSA may take seconds to find.
                        "EC", 256);
                selfSigned.delete();
            }
            return selfSigned;
        } catch (CertificateException e) {
            throw new SSLException("cannot make a self-signed certificate: " + Failures.describe(e), e);
        }
    }

    SslContext server(SelfSignedCertificate certificate) throws SSLException {
        return built(SslContextBuilder.forServer(certificate.key(), certificate.cert()));
    }

    SslContext server(KeyFiles identity) throws SSLException {
        return built(SslContextBuilder.forServer(identity.certificate(), identity.key()));
    }

    /** A client that trusts whom it is told to, and checks the server's name unless it trusts anyone. */
    SslContext client(Trust trust) throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient();
        if (trust.anyone()) {
            return built(builder.trustManager(InsecureTrustManagerFactory.INSTANCE)
                    .endpointIdentificationAlgorithm(null));
        }
        builder.endpointIdentificationAlgorithm("HTTPS");
        return built(trust.only() == null ? builder : builder.trustManager(trust.only()));
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
