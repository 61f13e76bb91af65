package io.closenotify.testsuite.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.RelayedConnection;
import io.closenotify.testkit.TcpFaultRelay.End;
import io.closenotify.testkit.TcpFaultRelay;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.peers.Connection.Application;
import io.netty.handler.ssl.SslContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/**
 * A program that talks TLS, our connection with it, and between them a relay without faults that sees how each side
 * ends TCP.
 */
final class RealPeer implements AutoCloseable {

    /** Each of these peers closes TCP in the end, which ends the linger: its time only has to be long enough. */
    static final ShutdownPolicy POLICY = ShutdownPolicy.bidirectional().toBuilder()
            .linger(Duration.ofSeconds(5))
            .build();

    /** With close_notify right behind what was written: it waits for no session tickets. */
    static final ShutdownPolicy AT_ONCE = POLICY.toBuilder().ticketTimeout(Duration.ZERO).build();

    static ShutdownPolicy policy(ShutdownMode mode) {
        return POLICY.toBuilder().mode(mode).build();
    }

    private final TcpFaultRelay relay;
    private final Connection.Server server;
    private final SslContext context;
    private PeerProcess process;
    private Connection ours;
    private RelayedConnection relayed;

    private RealPeer(TcpFaultRelay relay, Connection.Server server, SslContext context) {
        this.relay = relay;
        this.server = server;
        this.context = context;
    }

    /** A server that listens, and ends with this. */
    static RealPeer server(TlsSetup setup, ListeningProgram program) {
        RealPeer peer = server(setup, program.port());
        peer.attach(program.process());
        return peer;
    }

    /** A server that listens there. */
    static RealPeer server(TlsSetup setup, int port) {
        return new RealPeer(relayTo(port), null, setup.client());
    }

    /** Connects to the server; every connection of a peer shares one context, and so its sessions. */
    Connection connect(ShutdownPolicy policy) throws Exception {
        ours = Connection.client(context, relay.address().getPort(), policy, Application.QUIET);
        relayed = relay.nextConnection(Waits.DEADLINE);
        return ours;
    }

    /** Starts a server of ours and a client that is told its port, and waits for the handshake. */
    static RealPeer client(TlsSetup setup, ShutdownPolicy policy, Application application,
            IntFunction<List<String>> command) throws Exception {
        RealPeer peer = ourServer(setup, policy, application);
        try {
            peer.attach(PeerProcess.start(command.apply(peer.port())));
            peer.accept();
            return peer;
        } catch (Throwable e) {
            peer.close();
            throw new AssertionError("output: " + (peer.process == null ? "none" : peer.process.output()), e);
        }
    }

    /** A server of ours, for a client that is to be attached. */
    static RealPeer ourServer(TlsSetup setup, ShutdownPolicy policy, Application application) throws Exception {
        Connection.Server server = new Connection.Server(setup.server(), policy, application);
        return new RealPeer(relayTo(server.port()), server, null);
    }

    /** The program, which ends with this. */
    void attach(PeerProcess program) {
        process = program;
    }

    /** The client's next connection. */
    Connection accept() throws Exception {
        ours = server.next();
        relayed = relay.nextConnection(Waits.DEADLINE);
        return ours;
    }

    static TcpFaultRelay relayTo(int port) {
        return TcpFaultRelay.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)).start();
    }

    PeerProcess process() {
        return process;
    }

    Connection ours() {
        return ours;
    }

    int port() {
        return relay.address().getPort();
    }

    /** Both sides ended TCP in good order. */
    void assertNoReset() throws Exception {
        for (Direction direction : Direction.values()) {
            assertThat(end(direction)).as(direction.toString()).isEqualTo(End.FIN);
        }
    }

    /** How the peer ended TCP. */
    End peersEnd() throws Exception {
        return end(server == null ? Direction.TO_CLIENT : Direction.TO_SERVER);
    }

    /** How we ended TCP. */
    End ourEnd() throws Exception {
        return end(server == null ? Direction.TO_SERVER : Direction.TO_CLIENT);
    }

    private End end(Direction direction) throws Exception {
        return relayed.end(direction).get(Waits.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What OpenSSL's -msg and GnuTLS's -d 5 print of a close_notify that came. */
    static boolean receivedCloseNotify(String line) {
        return line.startsWith("<<< ") && line.endsWith("warning close_notify")
                || line.endsWith("Close notify - was received");
    }

    @Override
    public void close() {
        if (process != null) {
            process.close();
        }
        relay.close();
        if (server != null) {
            server.close();
        }
        if (ours != null) {
            ours.handler().abort();
            ours.channel().closeFuture().awaitUninterruptibly(Waits.DEADLINE.toMillis());
        }
    }
}
