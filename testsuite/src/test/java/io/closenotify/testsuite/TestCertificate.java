package io.closenotify.testsuite;

import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;

/** One self-signed certificate for localhost, as objects and as PEM files that go when the JVM does. */
public final class TestCertificate {

    private static final SelfSignedCertificate CERTIFICATE = create();

    private TestCertificate() {
    }

    private static SelfSignedCertificate create() {
        try {
            // Botan takes no date that is as far off as Netty's own choice.
            Instant now = Instant.now();
            return new SelfSignedCertificate("localhost",
                    Date.from(now.minus(1, ChronoUnit.DAYS)), Date.from(now.plus(30, ChronoUnit.DAYS)));
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
