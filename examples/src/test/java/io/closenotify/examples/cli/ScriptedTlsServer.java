package io.closenotify.examples.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** Accepts connections on loopback and does with each, in a thread of its own, what the script says. */
final class ScriptedTlsServer implements AutoCloseable {

    private final ServerSocket listener;
    private final SSLContext context;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    private ScriptedTlsServer() throws IOException, GeneralSecurityException {
        SelfSignedCertificate certificate = TlsContexts.selfSigned();
        context = SSLContext.getInstance("TLS");
        context.init(PemFiles.keyManagers(certificate.key(), certificate.cert()), null, null);
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    /** What is said before TLS, and without it. */
    interface Plaintext {

        void talk(Socket socket) throws IOException;
    }

    /** What is said by TLS; the sockets are closed behind it only if the script does it. */
    interface Script {

        void play(SSLSocket tls, Socket tcp) throws IOException;
    }

    static ScriptedTlsServer plaintext(Plaintext script) throws Exception {
        ScriptedTlsServer server = new ScriptedTlsServer();
        server.start(script);
        return server;
    }

    static ScriptedTlsServer tls(String version, Script script) throws Exception {
        return startTls(socket -> { }, version, script);
    }

    static ScriptedTlsServer tls(String version, Consumer<SSLSocket> setup, Script script) throws Exception {
        return startTls(socket -> { }, version, setup, script);
    }

    static ScriptedTlsServer startTls(Plaintext before, String version, Script script) throws Exception {
        return startTls(before, version, tls -> { }, script);
    }

    private static ScriptedTlsServer startTls(Plaintext before, String version, Consumer<SSLSocket> setup,
            Script script) throws Exception {
        ScriptedTlsServer server = new ScriptedTlsServer();
        server.start(socket -> {
            before.talk(socket);
            SSLSocket tls = (SSLSocket) server.context.getSocketFactory()
                    .createSocket(socket, null, socket.getPort(), false);
            tls.setUseClientMode(false);
            tls.setEnabledProtocols(new String[] {"TLSv" + version});
            // Nobody else may hold it, and the JDK closes those that are garbage.
            server.sockets.add(tls);
            setup.accept(tls);
            tls.startHandshake();
            script.play(tls, socket);
        });
        return server;
    }

    private void start(Plaintext script) {
        start(() -> {
            while (true) {
                Socket socket = listener.accept();
                sockets.add(socket);
                start(() -> script.talk(socket));
            }
        });
    }

    private interface Work {

        void run() throws IOException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // The end of a connection, or of the listener.
            }
        }, "scripted-peer");
        thread.setDaemon(true);
        thread.start();
    }

    int port() {
        return listener.getLocalPort();
    }

    static void say(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    }

    /** Reads a request, up to its empty line or what else ends it; empty at the end of input. */
    static String hear(Socket socket, String end) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder text = new StringBuilder();
        while (text.indexOf(end) < 0) {
            int octet = in.read();
            if (octet < 0) {
                return "";
            }
            text.append((char) octet);
        }
        return text.toString();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
