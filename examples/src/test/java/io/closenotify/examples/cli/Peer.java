package io.closenotify.examples.cli;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
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

    static Socket plain(int port) throws IOException {
        Socket socket = new Socket(HOST, port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        return socket;
    }

    /** A TLS connection that is known to be served: a byte went there and back. */
    static SSLSocket echoed(int port) throws IOException, GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(HOST, port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.getOutputStream().write('?');
        if (socket.getInputStream().read() != '?') {
            throw new IOException("no echo");
        }
        return socket;
    }
}
