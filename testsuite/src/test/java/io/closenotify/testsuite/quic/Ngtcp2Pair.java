package io.closenotify.testsuite.quic;

import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testkit.UdpFaultRelay;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;

/** Our handler at one end, in either role, ngtcp2 at the other, and a relay between them. */
final class Ngtcp2Pair implements AutoCloseable {

    private final OurRole role;
    private final List<String> options;
    private final List<String> uris;
    private final Ngtcp2Server ngtcp2Server;
    private final QuicServer ourServer;
    private final QuicClient ourClient;
    private final UdpFaultRelay relay;
    private Ngtcp2Client ngtcp2Client;
    private OurConnection ours;
    private Ngtcp2Program program;

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
        this.role = role;
        this.options = List.of(options);
        this.uris = uris;
        if (role == OurRole.CLIENT) {
            ngtcp2Server = Ngtcp2Server.start(options);
            ourServer = null;
            relay = path.apply(UdpFaultRelay.to(ngtcp2Server.address())).start();
            ourClient = setup.client();
            program = ngtcp2Server.program();
        } else {
            ngtcp2Server = null;
            ourServer = setup.server();
            relay = path.apply(UdpFaultRelay.to(ourServer.address())).start();
            ourClient = null;
        }
        connect();
    }

    /** Connects once more; from now on the pair is about that connection. */
    void connect() throws InterruptedException {
        if (role == OurRole.CLIENT) {
            ours = ourClient.connect(relay.address());
            program.awaitHandshake();
        } else {
            if (ngtcp2Client != null) {
                ngtcp2Client.close();
            }
            ngtcp2Client = Ngtcp2Client.connect(relay.address(), options, uris);
            program = ngtcp2Client.program();
            ours = ourServer.next();
        }
    }

    OurConnection ours() {
        return ours;
    }

    Ngtcp2Program program() {
        return program;
    }

    UdpFaultRelay relay() {
        return relay;
    }

    /** Starts our shutdown. */
    QuicShutdownFuture shutdown(QuicShutdownPolicy policy) {
        return ShutdownPair.handler(ours).shutdown(policy);
    }

    /** Waits for the end of our connection. */
    QuicShutdownOutcome outcome() throws InterruptedException {
        return ShutdownPair.outcome(ShutdownPair.handler(ours).outcome());
    }

    @Override
    public void close() {
        if (role == OurRole.CLIENT) {
            ourClient.close();
            ngtcp2Server.close();
        } else {
            // Ours first: a client that was killed acknowledges nothing.
            ourServer.close();
            ngtcp2Client.close();
        }
        relay.close();
    }
}
