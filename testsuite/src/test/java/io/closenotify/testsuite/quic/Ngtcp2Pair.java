package io.closenotify.testsuite.quic;

import io.closenotify.testkit.UdpFaultRelay;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;

/** Our handler and ngtcp2. */
final class Ngtcp2Pair extends InteropPair {

    private final List<String> options;
    private final List<String> uris;
    private final Ngtcp2Server server;
    private Ngtcp2Client client;

    static Ngtcp2Pair direct(OurRole role, String... options) throws IOException, InterruptedException {
        return new Ngtcp2Pair(role, setup(), relay -> relay, options);
    }

    static QuicSetup setup() {
        return ShutdownPair.setup().protocol(Ngtcp2Program.PROTOCOL);
    }

    /** Connects; the options are those of the program. */
    Ngtcp2Pair(OurRole role, QuicSetup setup, UnaryOperator<UdpFaultRelay.Builder> path, String... options)
            throws IOException, InterruptedException {
        this(role, setup, path, List.of(), options);
    }

    /** Connects; a client requests the URIs. */
    Ngtcp2Pair(OurRole role, QuicSetup setup, UnaryOperator<UdpFaultRelay.Builder> path, List<String> uris,
            String... options) throws IOException, InterruptedException {
        this(role == OurRole.CLIENT ? Ngtcp2Server.start(options) : null, setup, path, uris, List.of(options));
    }

    private Ngtcp2Pair(Ngtcp2Server server, QuicSetup setup, UnaryOperator<UdpFaultRelay.Builder> path,
            List<String> uris, List<String> options) throws InterruptedException {
        super(setup, server == null ? null : server.address(), path);
        this.options = options;
        this.uris = uris;
        this.server = server;
        connect();
    }

    @Override
    void connect() throws InterruptedException {
        if (server != null) {
            connectOurs();
            server.program().awaitHandshake();
        } else {
            if (client != null) {
                client.close();
            }
            client = Ngtcp2Client.connect(relay().address(), options, uris);
            connectOurs();
        }
    }

    Ngtcp2Program program() {
        return server == null ? client.program() : server.program();
    }

    @Override
    void closePeer() {
        if (server != null) {
            server.close();
        } else {
            client.close();
        }
    }
}
