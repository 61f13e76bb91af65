package io.closenotify.testsuite.soak;

import static java.util.Objects.requireNonNull;

import io.closenotify.testkit.Direction;
import io.closenotify.testsuite.soak.DatagramWire.Carried;
import io.closenotify.testsuite.soak.DtlsApplication.Told;
import java.util.Map;

/**
 * All that is known of a DTLS connection: what the ends were told, and what the relay did.
 *
 * @param scenario what it went through
 * @param client the client's end
 * @param server the server's end
 * @param wire what became of the datagrams of each direction
 */
record DtlsEvidence(DtlsScenario scenario, Told client, Told server, Map<Direction, Carried> wire)
        implements Evidence<Told> {

    Carried carried(Direction direction) {
        return requireNonNull(wire.get(direction));
    }

    DtlsEvidence withClient(Told other) {
        return new DtlsEvidence(scenario, other, server, wire);
    }
}
