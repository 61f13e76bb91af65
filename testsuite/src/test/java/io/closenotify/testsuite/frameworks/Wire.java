package io.closenotify.testsuite.frameworks;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.testkit.Direction;
import io.closenotify.testkit.RelayedConnection;
import io.closenotify.testkit.TcpFaultRelay.End;
import io.closenotify.testkit.TcpFaultRelay;
import io.closenotify.testsuite.Waits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Stands between the clients and one server, and tells how each connection ended in either direction. */
final class Wire implements AutoCloseable {

    private final TcpFaultRelay relay;
    private final InetSocketAddress address;

    Wire(int port) {
        relay = TcpFaultRelay.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)).start();
        address = relay.address();
    }

    InetSocketAddress address() {
        return address;
    }

    /** As the server does that is about to shut down. */
    void stopListening() {
        relay.stopListening();
    }

    RelayedConnection connection() throws Exception {
        return relay.nextConnection(Waits.DEADLINE);
    }

    /** Waits for the end of all connections that were not asked for: FIN from both sides, so no RST. */
    int endedByFin() throws Exception {
        List<End> ends = new ArrayList<>();
        while (true) {
            try {
                RelayedConnection connection = relay.nextConnection(Duration.ZERO);
                for (Direction direction : Direction.values()) {
                    ends.add(connection.end(direction).get(Waits.DEADLINE.toMillis(), TimeUnit.MILLISECONDS));
                }
            } catch (TimeoutException e) {
                assertThat(ends).as("how the connections ended").allMatch(End.FIN::equals);
                return ends.size() / 2;
            }
        }
    }

    @Override
    public void close() {
        relay.close();
    }
}
