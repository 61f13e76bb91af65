package io.closenotify.testsuite.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownPolicy;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.peers.Connection.Application;
import io.closenotify.testsuite.RelayedConnection;
import io.closenotify.testsuite.TcpFaultRelay.Direction;
import io.closenotify.testsuite.TcpFaultRelay.End;
import io.closenotify.testsuite.TcpFaultRelay;
import io.closenotify.testsuite.TlsSetup;
import io.netty.handler.ssl.SslContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A program that talks TLS, our connection with it, and between them a relay without faults that sees how each side
 * ends TCP.
 */
final class RealPeer implements AutoCloseable {

    /** Each of these peers closes TCP in the end, which ends the linger: its time only has to be long enough. */
    static final ShutdownPolicy POLICY = ShutdownPolicy.bidirectional().toBuilder()
            .linger(Duration.ofSeconds(5))
            .build();

    private static final Pattern PORT = Pattern.compile("^ACCEPT .*:(\\d+)$|IPv4 .* port (\\d+)\\.\\.\\.done$");

    private final PeerProcess process;
    private final TcpFaultRelay relay;
    private final Connection.Server server;
    private final SslContext context;
    private Connection ours;
    private RelayedConnection relayed;

    private RealPeer(PeerProcess process, TcpFaultRelay relay, Connection.Server server, SslContext context) {
        this.process = process;
        this.relay = relay;
        this.server = server;
        this.context = context;
    }

    /** Starts a server that tells its port as OpenSSL's or GnuTLS's do. */
    static RealPeer server(TlsSetup setup, List<String> command) throws Exception {
        PeerProcess process = PeerProcess.start(command);
        try {
            Matcher listening = PORT.matcher(process.awaitLine(line -> PORT.matcher(line).find()));
            assertThat(listening.find()).isTrue();
            String port = listening.group(1) != null ? listening.group(1) : listening.group(2);
            return new RealPeer(process, relayTo(Integer.parseInt(port)), null, setup.client());
        } catch (Throwable e) {
            process.close();
            throw e;
        }
    }

    /** Connects to the server; every connection of a peer shares one context, and so its sessions. */
    Connection connect(ShutdownPolicy policy) throws Exception {
        ours = Connection.client(context, relay.address().getPort(), policy, Application.QUIET);
        relayed = relay.nextConnection(Waits.DEADLINE);
        return ours;
    }

    /** Starts a server of ours and a client that is told its port, and waits for the handshake. */
    static RealPeer client(TlsSetup setup, ShutdownPolicy policy, Application application,
            Function<String, List<String>> command) throws Exception {
        Connection.Server server = new Connection.Server(setup.server(), policy, application);
        TcpFaultRelay relay = relayTo(server.port());
        RealPeer peer = new RealPeer(PeerProcess.start(command.apply(Integer.toString(relay.address().getPort()))),
                relay, server, null);
        try {
            peer.accept();
            return peer;
        } catch (Throwable e) {
            peer.close();
            throw new AssertionError("output: " + peer.process.output(), e);
        }
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
            assertThat(relayed.end(direction).get(Waits.DEADLINE.toMillis(), TimeUnit.MILLISECONDS))
                    .as(direction.toString())
                    .isEqualTo(End.FIN);
        }
    }

    /** What OpenSSL's -msg and GnuTLS's -d 5 print of a close_notify that came. */
    static boolean receivedCloseNotify(String line) {
        return line.startsWith("<<< ") && line.endsWith("warning close_notify")
                || line.endsWith("Close notify - was received");
    }

    @Override
    public void close() {
        process.close();
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
