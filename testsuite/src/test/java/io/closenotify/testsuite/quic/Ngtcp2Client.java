package io.closenotify.testsuite.quic;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code gtlsclient} with one connection, of Debian's package ngtcp2-client. Without a URI it requests nothing and
 * stays until its idle timeout; it verifies no certificate.
 */
final class Ngtcp2Client implements AutoCloseable {

    private final Ngtcp2Program program;

    private Ngtcp2Client(Ngtcp2Program program) {
        this.program = program;
    }

    /** Starts it with further options, and waits for its handshake. */
    static Ngtcp2Client connect(InetSocketAddress server, String... options) throws InterruptedException {
        return connect(server, List.of(options), List.of());
    }

    /** The same, for it to request these URIs. */
    static Ngtcp2Client connect(InetSocketAddress server, List<String> options, List<String> uris)
            throws InterruptedException {
        Ngtcp2Client client = new Ngtcp2Client(start(server, options, uris));
        try {
            client.program.awaitHandshake();
            return client;
        } catch (Throwable e) {
            client.close();
            throw e;
        }
    }

    /** Starts it, and waits for nothing. */
    static Ngtcp2Program start(InetSocketAddress server, List<String> options, List<String> uris) {
        List<String> command = new ArrayList<>(List.of("gtlsclient", "--no-quic-dump", "--no-http-dump"));
        command.addAll(options);
        command.addAll(List.of(server.getAddress().getHostAddress(), Integer.toString(server.getPort())));
        command.addAll(uris);
        return Ngtcp2Program.start(command);
    }

    Ngtcp2Program program() {
        return program;
    }

    @Override
    public void close() {
        program.close();
    }
}
