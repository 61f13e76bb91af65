package io.closenotify.testsuite.peers;

import io.closenotify.testsuite.TestCertificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.elements.config.CertificateAuthenticationMode;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.AlertMessage;
import org.eclipse.californium.scandium.dtls.AlertMessage.AlertDescription;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.DTLSContext;
import org.eclipse.californium.scandium.dtls.Handshaker;
import org.eclipse.californium.scandium.dtls.SessionListener;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;
import org.eclipse.californium.scandium.dtls.x509.StaticNewAdvancedCertificateVerifier;

/**
 * A connector of Scandium: a server that echoes, or a client.
 *
 * <p>A client shakes hands when it has something to send, so that {@link #awaitHandshake()} wants a line sent before;
 * after a close_notify, from whichever side, it does so again with the session, from the same port. It offers no
 * session tickets, a server sends none. Having closed first it still tells of the answer.
 */
final class Scandium implements DtlsServerPeer, DtlsClientPeer {

    // Kept, for java.util.logging keeps loggers weakly: what it has to tell at info is nothing that tests must show.
    private static final Logger LOGGER = Logger.getLogger("org.eclipse.californium");
    private static final int MTU = 1400;
    private static final int RETRANSMISSION_MILLIS = 1000;
    private static final int MAX_CONNECTIONS = 1000;

    static {
        LOGGER.setLevel(Level.WARNING);
    }

    private final Set<DtlsFeature> features;
    private final boolean echoes;
    private final DTLSConnector connector;
    private final BlockingQueue<Boolean> handshakes = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> unreadCloseNotifies = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final AtomicInteger closeNotifies = new AtomicInteger();
    private final Queue<String> output = new ConcurrentLinkedQueue<>();
    private volatile InetSocketAddress peer;

    private Scandium(Set<DtlsFeature> features, boolean echoes, DtlsConnectorConfig.Builder configuration) {
        this.features = features;
        this.echoes = echoes;
        connector = new DTLSConnector(configuration
                .setAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .setAsList(DtlsConfig.DTLS_CIPHER_SUITES, CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                        CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)
                .set(DtlsConfig.DTLS_MAX_TRANSMISSION_UNIT, MTU)
                .set(DtlsConfig.DTLS_RETRANSMISSION_TIMEOUT, RETRANSMISSION_MILLIS, TimeUnit.MILLISECONDS)
                .set(DtlsConfig.DTLS_MAX_CONNECTIONS, MAX_CONNECTIONS)
                .set(DtlsConfig.DTLS_RECEIVER_THREAD_COUNT, 1)
                .set(DtlsConfig.DTLS_CONNECTOR_THREAD_COUNT, 1)
                .setSessionListener(new Sessions())
                .build());
        connector.setRawDataReceiver(this::received);
        connector.setAlertHandler(this::alert);
    }

    static Scandium server(Set<DtlsFeature> features) {
        return new Scandium(features, true, DtlsConnectorConfig.builder(new Configuration())
                .set(DtlsConfig.DTLS_ROLE, DtlsRole.SERVER_ONLY)
                .set(DtlsConfig.DTLS_CLIENT_AUTHENTICATION_MODE, CertificateAuthenticationMode.NONE)
                .setCertificateIdentityProvider(new SingleCertificateProvider(TestCertificate.get().key(),
                        new Certificate[] {TestCertificate.get().cert()}, CertificateType.X_509)))
                .start();
    }

    static Scandium client(Set<DtlsFeature> features, InetSocketAddress server) {
        Scandium client = new Scandium(features, false, DtlsConnectorConfig.builder(new Configuration())
                .set(DtlsConfig.DTLS_ROLE, DtlsRole.CLIENT_ONLY)
                .set(DtlsConfig.DTLS_VERIFY_SERVER_CERTIFICATES_SUBJECT, false)
                .setAdvancedCertificateVerifier(StaticNewAdvancedCertificateVerifier.builder()
                        .setTrustAllCertificates().build()));
        client.peer = server;
        return client.start();
    }

    private Scandium start() {
        try {
            connector.start();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void received(RawData data) {
        String text = new String(data.getBytes(), StandardCharsets.ISO_8859_1);
        output.add("data: " + text);
        text.lines().forEach(lines::add);
        if (echoes) {
            connector.send(RawData.outbound(data.getBytes(), data.getEndpointContext(), null, false));
        }
    }

    private void alert(InetSocketAddress from, AlertMessage alert) {
        output.add("alert: " + alert);
        if (alert.getDescription() == AlertDescription.CLOSE_NOTIFY) {
            closeNotifies.incrementAndGet();
            unreadCloseNotifies.add(from.toString());
        }
    }

    @Override
    public Set<DtlsFeature> features() {
        return features;
    }

    @Override
    public InetSocketAddress address() {
        return connector.getAddress();
    }

    @Override
    public boolean awaitHandshake() throws InterruptedException {
        return next(handshakes, "a handshake");
    }

    @Override
    public void send(String line) {
        connector.send(RawData.outbound((line + '\n').getBytes(StandardCharsets.ISO_8859_1),
                new AddressEndpointContext(peer), null, false));
    }

    @Override
    public void awaitReceived(String line) throws InterruptedException {
        while (!next(lines, line).equals(line)) {
            // An earlier one.
        }
    }

    @Override
    public void closeFirst() {
        connector.close(peer);
    }

    @Override
    public void awaitCloseNotify() throws InterruptedException {
        next(unreadCloseNotifies, "close_notify");
    }

    @Override
    public int closeNotifies() {
        return closeNotifies.get();
    }

    @Override
    public void reconnect() {
        connector.forceResumeSessionFor(peer);
    }

    @Override
    public String output() {
        return String.join("\n", output);
    }

    @Override
    public void close() {
        connector.destroy();
    }

    /** Tells of the handshakes. */
    private final class Sessions implements SessionListener {

        @Override
        public void handshakeStarted(Handshaker handshaker) {
            peer = handshaker.getPeerAddress();
        }

        @Override
        public void contextEstablished(Handshaker handshaker, DTLSContext context) {
            output.add("handshake: " + context.getSession().getCipherSuite());
            handshakes.add(!handshaker.isFullHandshake());
        }

        @Override
        public void handshakeCompleted(Handshaker handshaker) {
            output.add("handshake completed");
        }

        @Override
        public void handshakeFailed(Handshaker handshaker, Throwable error) {
            output.add("handshake failed: " + error);
        }

        @Override
        public void handshakeFlightRetransmitted(Handshaker handshaker, int flight) {
            output.add("flight sent again: " + flight);
        }
    }
}
