package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

/**
 * A client that is neither's: the JDK's engine on a blocking socket of its own. Its handshakes are full ones, without
 * session tickets. Nothing is repeated: a datagram that is lost on loopback fails the benchmark. One thread at a time.
 */
final class DtlsPeer implements AutoCloseable {

    private static final int LARGEST_DATAGRAM = 20 << 10;
    private static final int DEADLINE_MILLIS = 20_000;
    private static final String CIPHER_SUITE = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final SSLContext CONTEXT = context();
    private static final ThreadLocal<Buffers> BUFFERS = ThreadLocal.withInitial(Buffers::new);

    private final SSLEngine engine = CONTEXT.createSSLEngine();
    private final DatagramSocket socket;
    private final InetSocketAddress server;

    /** Between two calls none of them holds anything. */
    private static final class Buffers {

        private final byte[] received = new byte[LARGEST_DATAGRAM];
        private final byte[] sent = new byte[LARGEST_DATAGRAM];
        private final ByteBuffer in = ByteBuffer.wrap(received);
        private final ByteBuffer out = ByteBuffer.wrap(sent);
        private final ByteBuffer plain = ByteBuffer.allocate(LARGEST_DATAGRAM);
    }

    DtlsPeer(InetSocketAddress server) throws IOException {
        this.server = server;
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setCipherSuites(new String[] {CIPHER_SUITE});
        engine.setSSLParameters(parameters);
        socket = new DatagramSocket();
        socket.setSoTimeout(DEADLINE_MILLIS);
        socket.connect(server);
    }

    private static SSLContext context() {
        // Asked for when a context is made; there is no other way to say so.
        String tickets = "jdk.tls.client.enableSessionTicketExtension";
        String before = System.setProperty(tickets, "false");
        try {
            SSLContext context = SSLContext.getInstance("DTLS");
            context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } finally {
            if (before == null) {
                System.clearProperty(tickets);
            } else {
                System.setProperty(tickets, before);
            }
        }
    }

    void handshake() throws IOException {
        Buffers buffers = buffers();
        engine.beginHandshake();
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_WRAP -> send(buffers, NOTHING.duplicate());
                case NEED_UNWRAP -> receive(buffers);
                case NEED_UNWRAP_AGAIN -> unwrap(buffers, NOTHING.duplicate());
                case NEED_TASK -> engine.getDelegatedTask().run();
                default -> {
                    check(CIPHER_SUITE.equals(engine.getSession().getCipherSuite()), "cipher suite",
                            engine.getSession().getCipherSuite());
                    return;
                }
            }
        }
    }

    /** Sends a message and waits for its echo. */
    void roundTrip(ByteBuffer message) throws IOException {
        Buffers buffers = buffers();
        send(buffers, message.duplicate());
        int echoed = 0;
        while (echoed == 0) {
            echoed = receive(buffers);
        }
        check(buffers.plain.flip().equals(message), "the echo", echoed);
    }

    /** Sends close_notify and waits for the peer's. */
    void closeNotify() throws IOException {
        Buffers buffers = buffers();
        engine.closeOutbound();
        send(buffers, NOTHING.duplicate());
        while (!engine.isInboundDone()) {
            receive(buffers);
        }
    }

    private static Buffers buffers() {
        Buffers buffers = BUFFERS.get();
        buffers.in.position(0).limit(0);
        return buffers;
    }

    private void send(Buffers buffers, ByteBuffer message) throws IOException {
        ByteBuffer out = buffers.out.clear();
        engine.wrap(message, out);
        if (out.flip().hasRemaining()) {
            socket.send(new DatagramPacket(buffers.sent, out.limit(), server));
        }
    }

    /** Takes the next record; returns how much application data it held. */
    private int receive(Buffers buffers) throws IOException {
        ByteBuffer in = buffers.in;
        if (!in.hasRemaining()) {
            DatagramPacket datagram = new DatagramPacket(buffers.received, LARGEST_DATAGRAM);
            socket.receive(datagram);
            in.position(0).limit(datagram.getLength());
        }
        return unwrap(buffers, in);
    }

    private int unwrap(Buffers buffers, ByteBuffer record) throws SSLException {
        SSLEngineResult result = engine.unwrap(record, buffers.plain.clear());
        if (result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW) {
            // The engine has dropped the datagram.
            record.position(record.limit());
        }
        return result.bytesProduced();
    }

    @Override
    public void close() {
        socket.close();
    }
}
