package io.closenotify.examples.cli;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** Clients that are not ours. */
final class Peer {

    private static final String HOST = "127.0.0.1";
    private static final int TIMEOUT_MILLIS = 15_000;

    private Peer() {
    }

    /** A connection by TLS that does not own the transport: it neither closes it nor reads beyond the end of TLS. */
    static SSLSocket over(Socket transport, String version) throws IOException, GeneralSecurityException {
        SSLSocket socket =
                (SSLSocket) context().getSocketFactory().createSocket(transport, HOST, transport.getPort(), false);
        socket.setEnabledProtocols(new String[] {"TLSv" + version});
        return socket;
    }

    private static SSLContext context() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
        return context;
    }

    static Socket plain(int port) throws IOException {
        Socket socket = new Socket(HOST, port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        return socket;
    }

    /** The same with room for little at a time. */
    static Socket slowReader(int port) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.connect(new InetSocketAddress(HOST, port));
        return socket;
    }

    /** A TLS connection that is known to be served: a byte went there and back. */
    static SSLSocket echoed(int port) throws IOException, GeneralSecurityException {
        SSLSocket socket = (SSLSocket) context().getSocketFactory().createSocket(HOST, port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.getOutputStream().write('?');
        if (socket.getInputStream().read() != '?') {
            throw new IOException("no echo");
        }
        return socket;
    }
}
