package io.closenotify.testsuite.soak;

import static java.util.Objects.requireNonNull;

import io.closenotify.testkit.TestCertificate;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.incubator.codec.quic.QuicSslContext;
import io.netty.incubator.codec.quic.QuicSslContextBuilder;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/** What all connections are made with: event loops, a certificate, contexts. */
final class Endpoints implements AutoCloseable {

    static final String QUIC_PROTOCOL = "soak";

    private static final int LOOPS = 2;

    /** Else what is kept for a day would pass for growth. */
    private static final int SESSIONS = 100;

    private static final char[] NO_PASSWORD = new char[0];

    private final NioEventLoopGroup loops = new NioEventLoopGroup(LOOPS, new DefaultThreadFactory("soak", true));
    private final Map<String, SslContext> tls = new HashMap<>();
    private final SSLContext dtls;
    private final QuicSslContext quicClient;
    private final QuicSslContext quicServer;

    Endpoints() throws GeneralSecurityException, IOException {
        TestCertificate certificate = TestCertificate.localhost();
        for (String version : new String[] {"TLSv1.2", "TLSv1.3"}) {
            for (SslProvider engine : new SslProvider[] {SslProvider.JDK, SslProvider.OPENSSL}) {
                tls.put(version + engine + true, context(engine, version, SslContextBuilder.forClient()
                        .trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm(null)));
                tls.put(version + engine + false, context(engine, version,
                        SslContextBuilder.forServer(certificate.key(), certificate.certificate())));
            }
        }
        dtls = dtls(certificate);
        quicClient = QuicSslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE)
                .applicationProtocols(QUIC_PROTOCOL).build();
        quicServer = QuicSslContextBuilder.forServer(certificate.key(), null, certificate.certificate())
                .applicationProtocols(QUIC_PROTOCOL).build();
    }

    private static SslContext context(SslProvider engine, String version, SslContextBuilder builder)
            throws SSLException {
        return builder.sslProvider(engine).protocols(version).sessionCacheSize(SESSIONS).build();
    }

    private static SSLContext dtls(TestCertificate certificate)
            throws GeneralSecurityException, IOException {
        // Asked for when a context is made; there is no other way to say so.
        String tickets = "jdk.tls.client.enableSessionTicketExtension";
        System.setProperty(tickets, "false");
        try {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, NO_PASSWORD);
            keys.setKeyEntry("key", certificate.key(), NO_PASSWORD,
                    new Certificate[] {certificate.certificate()});
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(keys, NO_PASSWORD);
            SSLContext context = SSLContext.getInstance("DTLS");
            context.init(factory.getKeyManagers(), InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
            context.getClientSessionContext().setSessionCacheSize(SESSIONS);
            context.getServerSessionContext().setSessionCacheSize(SESSIONS);
            return context;
        } finally {
            System.clearProperty(tickets);
        }
    }

    EventLoopGroup loops() {
        return loops;
    }

    SslContext tls(String version, SslProvider engine, boolean client) {
        return requireNonNull(tls.get(version + engine + client));
    }

    SSLContext dtls() {
        return dtls;
    }

    QuicSslContext quic(boolean client) {
        return client ? quicClient : quicServer;
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).awaitUninterruptibly(20, TimeUnit.SECONDS);
        tls.values().forEach(ReferenceCountUtil::release);
        ReferenceCountUtil.release(quicClient);
        ReferenceCountUtil.release(quicServer);
    }
}
