package io.closenotify.testsuite.quic;

import io.closenotify.testsuite.Waits;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import tech.kwik.core.QuicClientConnection;

/** Kwik as a client with one connection. Closing it closes the connection if nobody has yet, and waits for it. */
final class KwikClient implements AutoCloseable {

    private static final int STREAMS = 100;

    private final KwikLog log = new KwikLog();
    private final QuicClientConnection quic;
    private final KwikConnection connection;

    private KwikClient(InetSocketAddress server, KwikOptions options) throws IOException {
        quic = QuicClientConnection.newBuilder()
                .host(server.getAddress().getHostAddress())
                .port(server.getPort())
                .applicationProtocol(options.protocol())
                .connectTimeout(Waits.DEADLINE)
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

    static KwikClient connect(InetSocketAddress server) throws IOException {
        return connect(server, KwikOptions.DEFAULT);
    }

    /** Connects and waits for the handshake. */
    static KwikClient connect(InetSocketAddress server, KwikOptions options) throws IOException {
        KwikClient client = new KwikClient(server, options);
        client.quic.connect();
        return client;
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
