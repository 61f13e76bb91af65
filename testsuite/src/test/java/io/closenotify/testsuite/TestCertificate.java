package io.closenotify.testsuite;

import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.security.cert.CertificateException;

/** One self-signed certificate for localhost, as objects and as PEM files that go when the JVM does. */
public final class TestCertificate {

    private static final SelfSignedCertificate CERTIFICATE = create();

    private TestCertificate() {
    }

    private static SelfSignedCertificate create() {
        try {
            return new SelfSignedCertificate("localhost");
        } catch (CertificateException e) {
            throw new IllegalStateException(e);
        }
    }

    public static SelfSignedCertificate get() {
        return CERTIFICATE;
    }

    public static String certificateFile() {
        return CERTIFICATE.certificate().getPath();
    }

    public static String keyFile() {
        return CERTIFICATE.privateKey().getPath();
    }
}
