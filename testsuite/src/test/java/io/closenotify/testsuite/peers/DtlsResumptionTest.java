package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.DtlsFeature.CLOSES_FIRST;
import static io.closenotify.testsuite.peers.DtlsFeature.CONNECTS_WITHOUT_DATA;
import static io.closenotify.testsuite.peers.DtlsFeature.RESUMES;
import static io.closenotify.testsuite.peers.DtlsFeature.RESUMES_ITSELF;
import static io.closenotify.testsuite.peers.DtlsFeature.SENDS_TICKETS;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.dtls.DtlsSetup;
import io.closenotify.testsuite.peers.DtlsEncounter.Role;
import io.closenotify.testsuite.peers.DtlsWire.Kind;
import io.closenotify.testsuite.peers.RealDtls.Tickets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Sessions outlive every mode, with each peer that resumes. */
@ExtendWith(LeakAndLogCheck.class)
@NeedsProgram({"openssl", "gnutls-serv", "gnutls-cli", "botan", "stdbuf"})
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class DtlsResumptionTest {

    private static final SSLContext WITHOUT_TICKETS = DtlsSetup.context();
    private static final SSLContext WITH_TICKETS = DtlsSetup.contextWithTickets();

    private static final Duration NOT_SERVED = Duration.ofMillis(500);

    private static DtlsHandlerBuilder ours(ShutdownMode mode, Tickets tickets) {
        // No repetition: a datagram from nobody that it knows makes GnuTLS's server spin for ever.
        ShutdownPolicy policy = ShutdownPolicy.of(mode).toBuilder()
                .peerTimeout(Duration.ofMillis(400)).linger(DtlsSetup.LINGER).build();
        return DtlsHandler.builder(tickets == Tickets.NONE ? WITHOUT_TICKETS : WITH_TICKETS).policy(policy)
                .repeatInterval(Waits.DEADLINE);
    }

    static List<Arguments> servers() {
        List<Arguments> cases = new ArrayList<>();
        for (RealDtls servers : RealDtls.values()) {
            for (ShutdownMode mode : ShutdownMode.values()) {
                if (servers.serverFeatures().contains(RESUMES)) {
                    cases.add(Arguments.of(servers, mode, Tickets.NONE));
                }
                if (servers.serverFeatures().contains(SENDS_TICKETS)) {
                    cases.add(Arguments.of(servers, mode, Tickets.IF_KNOWN));
                }
            }
        }
        return cases;
    }

    @ParameterizedTest(name = "{0} {1} tickets {2}")
    @MethodSource("servers")
    void our_client_resumes(RealDtls servers, ShutdownMode mode, Tickets tickets) throws Exception {
        try (DtlsEncounter encounter = DtlsEncounter.start(Role.CLIENT, servers, ours(mode, tickets))) {
            encounter.connected().talk("first");
            byte[] session = encounter.handler().engine().getSession().getId();
            int certificates = encounter.wire.count(Direction.TO_CLIENT, Kind.CERTIFICATE);
            boolean ticket = encounter.wire.count(Direction.TO_CLIENT, Kind.NEW_SESSION_TICKET) > 0;
            assertThat(ticket).isEqualTo(tickets == Tickets.IF_KNOWN);

            encounter.handler().shutdown();
            assertThat(encounter.outcome().sessionResumable()).isTrue();
            if (mode != ShutdownMode.QUIET) {
                encounter.peer.awaitCloseNotify();
            } else if (encounter.peer.can(CLOSES_FIRST)) {
                encounter.peer.closeFirst();
            }
            boolean served = mode != ShutdownMode.QUIET || encounter.peer.can(CLOSES_FIRST);
            encounter.connect(ours(mode, tickets).handshakeTimeout(served ? Waits.DEADLINE : NOT_SERVED));
            if (!served) {
                // It still serves nobody but the client that has left without a word.
                assertThat(Waits.done(encounter.handler().handshakeFuture()).isSuccess()).isFalse();
                return;
            }
            encounter.connected();
            assertThat(encounter.handler().engine().getSession().getId()).isEqualTo(session);
            assertThat(encounter.wire.count(Direction.TO_CLIENT, Kind.CERTIFICATE)).isEqualTo(certificates);
        }
    }

    static List<Arguments> clients() {
        List<Arguments> cases = new ArrayList<>();
        for (RealDtls clients : RealDtls.values()) {
            if (clients.clientFeatures().contains(RESUMES) || clients.clientFeatures().contains(RESUMES_ITSELF)) {
                for (ShutdownMode mode : ShutdownMode.values()) {
                    cases.add(Arguments.of(clients, mode, Tickets.NONE));
                    if (clients.serverFeatures().contains(SENDS_TICKETS)) {
                        cases.add(Arguments.of(clients, mode, Tickets.IF_KNOWN));
                    }
                }
            }
        }
        return cases;
    }

    @ParameterizedTest(name = "{0} {1} tickets {2}")
    @MethodSource("clients")
    void our_server_resumes(RealDtls clients, ShutdownMode mode, Tickets tickets) throws Exception {
        try (DtlsEncounter encounter = DtlsEncounter.start(
                Role.SERVER, clients, ours(mode, tickets), tickets, new DtlsWire(), relay -> relay)) {
            DtlsClientPeer client = (DtlsClientPeer) encounter.peer;
            encounter.connected().talk("first");
            assertThat(client.awaitHandshake()).as("resumed").isFalse();
            boolean ticket = encounter.wire.count(Direction.TO_CLIENT, Kind.NEW_SESSION_TICKET) > 0;
            assertThat(ticket).isEqualTo(tickets == Tickets.IF_KNOWN);
            encounter.handler().shutdown();
            assertThat(encounter.outcome().sessionResumable()).isTrue();
            if (mode != ShutdownMode.QUIET) {
                encounter.peer.awaitCloseNotify();
            }
            client.reconnect();
            if (client.can(RESUMES_ITSELF)) {
                encounter.connected();
                assertThat(client.awaitHandshake()).as("resumed").isFalse();
                // What it does so, it ends at once.
                assertThat(encounter.outcome().closeNotifyReceived()).isTrue();
            }
            int certificates = encounter.wire.count(Direction.TO_CLIENT, Kind.CERTIFICATE);
            if (!client.can(CONNECTS_WITHOUT_DATA)) {
                client.send("early");
            }
            encounter.connected();
            assertThat(client.awaitHandshake()).as("resumed").isTrue();
            encounter.talk("second");
            assertThat(encounter.wire.count(Direction.TO_CLIENT, Kind.CERTIFICATE)).isEqualTo(certificates);
        }
    }
}
