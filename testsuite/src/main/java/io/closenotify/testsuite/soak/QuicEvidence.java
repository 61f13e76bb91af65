package io.closenotify.testsuite.soak;

import static java.util.Objects.requireNonNull;

import io.closenotify.testkit.Direction;
import io.closenotify.testsuite.soak.DatagramWire.Carried;
import io.closenotify.testsuite.soak.QuicApplication.Told;
import java.util.Map;

/**
 * All that is known of a QUIC connection: what the ends were told, and what the relay did.
 *
 * @param scenario what it went through
 * @param client the client's end
 * @param server the server's end
 * @param wire what became of the datagrams of each direction
 */
record QuicEvidence(QuicScenario scenario, Told client, Told server, Map<Direction, Carried> wire)
        implements Evidence<Told> {

    Carried carried(Direction direction) {
        return requireNonNull(wire.get(direction));
    }

    QuicEvidence withClient(Told other) {
        return new QuicEvidence(scenario, other, server, wire);
    }

    QuicEvidence withServer(Told other) {
        return new QuicEvidence(scenario, client, other, wire);
    }
}
