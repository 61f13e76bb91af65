package io.closenotify.testsuite.quic;

import io.closenotify.testsuite.Waits;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import tech.kwik.core.QuicClientConnection;

/**
 * Kwik as a client with one connection. Closing it closes the connection if nobody has yet, and waits for it.
 *
 * <p>About one of kwik's handshakes as a client in a hundred comes to nothing, with any server (6 of 600 with the
 * codec): it cannot decrypt the server's handshake packets, and sends no close. So a handshake that takes long is tried
 * again; the server is left with a connection that was never established.
 */
final class KwikClient implements AutoCloseable {

    private static final int STREAMS = 100;
    private static final int HANDSHAKES = 3;
    private static final Duration HANDSHAKE = Waits.DEADLINE.dividedBy(HANDSHAKES);

    private final KwikLog log = new KwikLog();
    private final QuicClientConnection quic;
    private final KwikConnection connection;

    private KwikClient(InetSocketAddress server, KwikOptions options) throws IOException {
        quic = QuicClientConnection.newBuilder()
                .host(server.getAddress().getHostAddress())
                .port(server.getPort())
                .applicationProtocol(options.protocol())
                .connectTimeout(HANDSHAKE)
                .maxIdleTimeout(options.idleTimeout())
                .defaultStreamReceiveBufferSize(options.streamWindow())
                .maxOpenPeerInitiatedUnidirectionalStreams(STREAMS)
                .maxOpenPeerInitiatedBidirectionalStreams(STREAMS)
                .noServerCertificateCheck()
                .logger(log)
                .build();
        connection = new KwikConnection(quic, log, id -> true, options.application());
        quic.setPeerInitiatedStreamCallback(connection::accept);
    }

    static KwikClient connect(InetSocketAddress server) throws IOException, InterruptedException {
        return connect(server, KwikOptions.DEFAULT);
    }

    /**
     * Connects and waits until the server has confirmed the handshake. Before that kwik may put an acknowledgement of
     * the handshake in front of a close into the same datagram, and quiche drops what follows a packet for which it has
     * no keys any more.
     */
    static KwikClient connect(InetSocketAddress server, KwikOptions options)
            throws IOException, InterruptedException {
        for (int attempt = 1;; attempt++) {
            KwikClient client = new KwikClient(server, options);
            try {
                client.quic.connect();
                client.log.awaitConfirmation();
                return client;
            } catch (ConnectException e) {
                if (attempt == HANDSHAKES) {
                    throw e;
                }
            }
        }
    }

    /** Connects once, to a server that does not let it; returns why it failed. */
    static ConnectException refused(InetSocketAddress server) throws IOException {
        KwikClient client = new KwikClient(server, KwikOptions.DEFAULT);
        try {
            client.quic.connect();
        } catch (ConnectException e) {
            return e;
        }
        client.close();
        throw new AssertionError("the handshake was completed");
    }

    KwikConnection connection() {
        return connection;
    }

    List<CloseFrame> closesSent() {
        return log.sent();
    }

    /** What kwik calls errors. */
    List<String> errors() {
        return log.errors();
    }

    @Override
    public void close() {
        quic.closeAndWait(Waits.DEADLINE);
    }
}
