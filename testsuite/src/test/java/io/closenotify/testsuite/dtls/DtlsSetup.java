package io.closenotify.testsuite.dtls;

import io.closenotify.ShutdownPolicy;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.testsuite.TestCertificate;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** What our DTLS ends are made of in the tests. */
public final class DtlsSetup {

    static final EventLoopGroup LOOPS = new NioEventLoopGroup(2, new DefaultThreadFactory("test-dtls", true));

    /** Nothing that lingers holds a test up. */
    public static final Duration LINGER = Duration.ofMillis(300);

    private static final char[] PASSWORD = new char[0];

    private DtlsSetup() {
    }

    /** A context for both roles, whose clients resume by session id. */
    public static synchronized SSLContext context() {
        // Asked for when a context is made; there is no other way to say so.
        String property = "jdk.tls.client.enableSessionTicketExtension";
        System.setProperty(property, "false");
        try {
            return contextWithTickets();
        } finally {
            System.clearProperty(property);
        }
    }

    public static SSLContext contextWithTickets() {
        try {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, PASSWORD);
            keys.setKeyEntry("key", TestCertificate.get().key(), PASSWORD,
                    new X509Certificate[] {TestCertificate.get().cert()});
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(keys, PASSWORD);
            SSLContext context = SSLContext.getInstance("DTLS");
            context.init(factory.getKeyManagers(), InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Timers fit for loopback. */
    public static DtlsHandlerBuilder builder(SSLContext context, ShutdownPolicy policy) {
        return DtlsHandler.builder(context)
                .policy(policy.toBuilder().linger(LINGER).build())
                .retransmitTimeout(Duration.ofMillis(50))
                .repeatInterval(Duration.ofMillis(20));
    }
}
