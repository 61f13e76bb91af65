package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/** Contexts of the JDK, of which one serves both roles. */
final class DtlsContexts {

    private static final char[] PASSWORD = new char[0];
    private static final SelfSignedCertificate CERTIFICATE = certificate();

    private DtlsContexts() {
    }

    private static SelfSignedCertificate certificate() {
        try {
            SelfSignedCertificate certificate = new SelfSignedCertificate("localhost");
            certificate.delete();
            return certificate;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static SSLContext context() {
        return context(CERTIFICATE.cert());
    }

    /** A context whose servers send a chain of so many certificates, which nobody checks. */
    static SSLContext withChain(int length) {
        X509Certificate[] chain = new X509Certificate[length];
        Arrays.fill(chain, CERTIFICATE.cert());
        return context(chain);
    }

    private static SSLContext context(X509Certificate... chain) {
        try {
            // Checks no chain.
            KeyStore keys = KeyStore.getInstance("JKS");
            keys.load(null, PASSWORD);
            keys.setKeyEntry("key", CERTIFICATE.key(), PASSWORD, chain);
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(keys, PASSWORD);
            SSLContext context = SSLContext.getInstance("DTLS");
            context.init(factory.getKeyManagers(), InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A context whose clients ask for no session ticket: sessions are resumed by their id. */
    static synchronized SSLContext withoutTickets() {
        String property = "jdk.tls.client.enableSessionTicketExtension";
        String before = System.getProperty(property);
        System.setProperty(property, "false");
        try {
            return context();
        } finally {
            if (before == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, before);
            }
        }
    }

    /** What an engine sends that takes a record as its end: one that is too long, with no handler in front of it. */
    static ByteBuf fatalAlert(SSLEngine engine) {
        ByteBuf tooLong = new Forger(3).record(DtlsRecord.APPLICATION_DATA, 1, 9, new byte[17_000]);
        ByteBuffer alert = ByteBuffer.allocate(1 << 15);
        assertThatThrownBy(() -> engine.unwrap(tooLong.nioBuffer(), ByteBuffer.allocate(1 << 15)))
                .isInstanceOf(SSLException.class);
        try {
            engine.wrap(ByteBuffer.allocate(0), alert);
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
        return Unpooled.wrappedBuffer(alert.flip());
    }
}
