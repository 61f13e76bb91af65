package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.security.cert.CertificateException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A server of ours within this process, for one test, with a certificate for localhost. */
final class LocalServer implements AfterEachCallback {

    /** Netty deletes its files when the process ends. */
    private static final SelfSignedCertificate CERTIFICATE = newCertificate();

    private final BlockingQueue<ConnectionReport> reports = new LinkedBlockingQueue<>();
    private Server server;

    private static SelfSignedCertificate newCertificate() {
        try {
            return new SelfSignedCertificate("localhost", "EC", 256);
        } catch (CertificateException e) {
            throw new AssertionError(e);
        }
    }

    /** The certificate's file, for who trusts it. */
    static String certificate() {
        return CERTIFICATE.certificate().toString();
    }

    void start(Transport transport, App app) throws Exception {
        server = transport.listener(new KeyFiles(CERTIFICATE.certificate(), CERTIFICATE.privateKey()))
                .listen(app, reports::add, new Log(new PrintWriter(new StringWriter())), "127.0.0.1", 0);
    }

    void start(Transport transport, String app) throws Exception {
        start(transport, new AppConverter().convert(app));
    }

    int port() {
        return server.port();
    }

    /** Waits for the next connection's report. */
    ConnectionReport served() throws InterruptedException {
        ConnectionReport report = reports.poll(15, TimeUnit.SECONDS);
        assertThat(report).isNotNull();
        return report;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (server != null) {
            server.stop();
        }
    }
}
