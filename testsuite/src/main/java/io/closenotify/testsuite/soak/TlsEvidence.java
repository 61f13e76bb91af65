package io.closenotify.testsuite.soak;

import io.closenotify.testkit.Direction;
import io.closenotify.testsuite.soak.TlsApplication.Told;
import io.closenotify.testsuite.soak.TlsWire.Carried;

/**
 * All that is known of a TLS connection: what the ends were told, and what the relay did.
 *
 * @param scenario what it went through
 * @param client the client's end
 * @param server the server's end
 * @param toServer what became of the client's bytes
 * @param toClient what became of the server's bytes
 */
record TlsEvidence(TlsScenario scenario, Told client, Told server, Carried toServer, Carried toClient)
        implements Evidence<Told> {

    Carried carried(Direction direction) {
        return direction == Direction.TO_SERVER ? toServer : toClient;
    }

    TlsEvidence withClient(Told other) {
        return new TlsEvidence(scenario, other, server, toServer, toClient);
    }
}
