package io.closenotify.testsuite.quic;

import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.Waits;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Predicate;
import tech.kwik.core.QuicConnection;
import tech.kwik.core.QuicStream;
import tech.kwik.core.server.ApplicationProtocolConnection;
import tech.kwik.core.server.ApplicationProtocolConnectionFactory;
import tech.kwik.core.server.ServerConnectionConfig;
import tech.kwik.core.server.ServerConnector;
import tech.kwik.core.server.impl.ServerConnectionImpl;

/** Kwik as a server on loopback. Closing it closes its connections and waits for them. */
final class KwikServer implements AutoCloseable {

    private static final char[] PASSWORD = "secret".toCharArray();
    private static final String ALIAS = "server";
    private static final int STREAMS = 100;

    private final BlockingQueue<KwikConnection> accepted = new LinkedBlockingQueue<>();
    private final KwikLog log = new KwikLog();
    private final ServerConnector connector;
    private final InetSocketAddress address;

    private KwikServer(KwikOptions options) throws IOException, GeneralSecurityException {
        DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        address = (InetSocketAddress) socket.getLocalSocketAddress();
        connector = ServerConnector.builder()
                .withSocket(socket)
                .withKeyStore(keyStore(), ALIAS, PASSWORD)
                .withConfiguration(configuration(options))
                .withLogger(log)
                .build();
        connector.registerApplicationProtocol(options.protocol(), new Factory(options));
        connector.start();
    }

    static KwikServer start() throws IOException, GeneralSecurityException {
        return start(KwikOptions.DEFAULT);
    }

    static KwikServer start(KwikOptions options) throws IOException, GeneralSecurityException {
        return new KwikServer(options);
    }

    private static KeyStore keyStore() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(ALIAS, TestCertificate.get().key(), PASSWORD,
                new Certificate[] {TestCertificate.get().cert()});
        return store;
    }

    private static ServerConnectionConfig configuration(KwikOptions options) {
        return ServerConnectionConfig.builder()
                .maxIdleTimeout(Math.toIntExact(options.idleTimeout().toMillis()))
                .maxUnidirectionalStreamBufferSize(options.streamWindow())
                .maxBidirectionalStreamBufferSize(options.streamWindow())
                .maxConnectionBufferSize(10 * options.streamWindow())
                .maxOpenPeerInitiatedUnidirectionalStreams(STREAMS)
                .maxOpenPeerInitiatedBidirectionalStreams(STREAMS)
                .retryRequired(ServerConnectionConfig.RetryRequired.Never)
                .build();
    }

    InetSocketAddress address() {
        return address;
    }

    /** Waits for the next connection whose handshake is done. */
    KwikConnection next() throws InterruptedException {
        return Waits.next(accepted, "a connection; errors: " + log.errors());
    }

    /** The close frames sent on all connections. */
    List<CloseFrame> closesSent() {
        return log.sent();
    }

    /** Waits until that many close frames have come, on all connections, those in their handshake included. */
    List<CloseFrame> awaitClosesReceived(int count) throws InterruptedException {
        return log.awaitReceived(id -> true, count);
    }

    /** What kwik calls errors. */
    List<String> errors() {
        return log.errors();
    }

    /** Kwik waits for up to 30 s; its socket must not be taken from it, or it exits the JVM. */
    @Override
    public void close() {
        Thread closing = new Thread(connector::close, "kwik-close");
        closing.setDaemon(true);
        closing.start();
        try {
            closing.join(Waits.DEADLINE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Factory implements ApplicationProtocolConnectionFactory {

        private final KwikOptions options;

        Factory(KwikOptions options) {
            this.options = options;
        }

        @Override
        public ApplicationProtocolConnection createConnection(String protocol, QuicConnection quicConnection) {
            ServerConnectionImpl server = (ServerConnectionImpl) quicConnection;
            Predicate<String> ids = id -> server.getActiveConnectionIds().stream()
                    .anyMatch(each -> KwikLog.id(each).equals(id));
            KwikConnection connection = new KwikConnection(quicConnection, log, ids, options.application());
            accepted.add(connection);
            return new ApplicationProtocolConnection() {
                @Override
                public void acceptPeerInitiatedStream(QuicStream stream) {
                    connection.accept(stream);
                }
            };
        }

        @Override
        public int maxConcurrentPeerInitiatedUnidirectionalStreams() {
            return STREAMS;
        }

        @Override
        public int maxConcurrentPeerInitiatedBidirectionalStreams() {
            return STREAMS;
        }
    }
}
