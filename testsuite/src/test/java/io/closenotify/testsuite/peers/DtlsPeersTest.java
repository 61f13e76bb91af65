package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.DtlsFeature.ANSWERS;
import static io.closenotify.testsuite.peers.DtlsFeature.CLOSES_FIRST;
import static io.closenotify.testsuite.peers.DtlsFeature.CONNECTS_WITHOUT_DATA;
import static io.closenotify.testsuite.peers.DtlsFeature.ECHOES;
import static io.closenotify.testsuite.peers.DtlsFeature.RESUMES;
import static io.closenotify.testsuite.peers.DtlsFeature.RESUMES_ITSELF;
import static io.closenotify.testsuite.peers.DtlsFeature.SENDS;
import static io.closenotify.testsuite.peers.DtlsFeature.SENDS_TICKETS;
import static io.closenotify.testsuite.peers.DtlsFeature.SERVES_IN_TURN;
import static io.closenotify.testsuite.peers.DtlsFeature.TELLS_ANSWER;
import static io.closenotify.testsuite.peers.DtlsFeature.TELLS_DATA;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.testkit.LeakAndLogCheck;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The DTLS peers, against each other: what later tests say of our handler rests on them. */
@ExtendWith(LeakAndLogCheck.class)
@NeedsProgram({"openssl", "gnutls-serv", "gnutls-cli", "botan", "stdbuf"})
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class DtlsPeersTest {

    static Stream<Arguments> pairs() {
        return Arrays.stream(RealDtls.values())
                .flatMap(client -> Arrays.stream(RealDtls.values()).map(server -> Arguments.of(client, server)));
    }

    private static boolean serverCan(Arguments pair, DtlsFeature... features) {
        return ((RealDtls) pair.get()[1]).serverFeatures().containsAll(Arrays.asList(features));
    }

    private static boolean clientCan(Arguments pair, DtlsFeature... features) {
        return ((RealDtls) pair.get()[0]).clientFeatures().containsAll(Arrays.asList(features));
    }

    static Stream<Arguments> pairsWhoseServerClosesFirst() {
        return pairs().filter(pair -> serverCan(pair, CLOSES_FIRST));
    }

    static Stream<Arguments> pairsThatResume() {
        return pairs().filter(pair -> serverCan(pair, RESUMES))
                .filter(pair -> clientCan(pair, RESUMES) || clientCan(pair, RESUMES_ITSELF));
    }

    /** Shakes hands, and has a line go there and, where the server can, one come back. */
    private static void talk(DtlsClientPeer client, DtlsServerPeer server, String line) throws InterruptedException {
        if (client.can(CONNECTS_WITHOUT_DATA)) {
            assertThat(client.awaitHandshake()).as("resumed").isFalse();
        }
        client.send(line);
        if (!client.can(CONNECTS_WITHOUT_DATA)) {
            assertThat(client.awaitHandshake()).as("resumed").isFalse();
        }
        if (server.can(TELLS_DATA)) {
            server.awaitReceived(line);
        }
        if (server.can(ECHOES)) {
            client.awaitReceived(line);
        }
        if (server.can(SENDS)) {
            server.send("from the server");
            client.awaitReceived("from the server");
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void the_client_talks_and_closes_first(RealDtls clients, RealDtls servers) throws Exception {
        try (DtlsServerPeer server = servers.server(); DtlsClientPeer client = clients.connect(server.address())) {
            talk(client, server, "hello");
            client.closeFirst();

            server.awaitCloseNotify();
            if (server.can(ANSWERS) && client.can(TELLS_ANSWER)) {
                client.awaitCloseNotify();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("pairsWhoseServerClosesFirst")
    void the_server_closes_first(RealDtls clients, RealDtls servers) throws Exception {
        try (DtlsServerPeer server = servers.server(); DtlsClientPeer client = clients.connect(server.address())) {
            talk(client, server, "hello");
            server.closeFirst();

            client.awaitCloseNotify();
            if (client.can(ANSWERS) && server.can(TELLS_ANSWER)) {
                server.awaitCloseNotify();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("pairsThatResume")
    void a_session_is_resumed_by_its_id(RealDtls clients, RealDtls servers) throws Exception {
        try (DtlsServerPeer server = servers.server();
                DtlsClientPeer client = clients.connectWithoutTickets(server.address())) {
            talk(client, server, "first");
            client.closeFirst();
            server.awaitCloseNotify();
            client.reconnect();
            if (client.can(RESUMES_ITSELF)) {
                assertThat(client.awaitHandshake()).as("resumed").isFalse();
            }
            if (client.can(CONNECTS_WITHOUT_DATA)) {
                assertThat(client.awaitHandshake()).as("resumed").isTrue();
            }
            client.send("second");
            if (!client.can(CONNECTS_WITHOUT_DATA)) {
                assertThat(client.awaitHandshake()).as("resumed").isTrue();
            }
            server.awaitReceived("second");
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_server_serves_one_client_after_the_other_if_it_can(RealDtls servers) throws Exception {
        try (DtlsServerPeer server = servers.server()) {
            try (DtlsClientPeer first = RealDtls.OPENSSL.connect(server.address())) {
                talk(first, server, "first");
                first.closeFirst();
                server.awaitCloseNotify();
            }
            if (server.can(SERVES_IN_TURN)) {
                try (DtlsClientPeer second = RealDtls.OPENSSL.connect(server.address())) {
                    talk(second, server, "second");
                    second.closeFirst();
                    server.awaitCloseNotify();
                }
                assertThat(server.closeNotifies()).isEqualTo(2);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_server_sends_a_session_ticket_if_it_is_said_to(RealDtls servers) throws Exception {
        try (DtlsServerPeer server = servers.server();
                DtlsClientPeer client = RealDtls.OPENSSL.connect(server.address())) {
            talk(client, server, "hello");

            assertThat(client.output().contains("TLS session ticket:")).isEqualTo(server.can(SENDS_TICKETS));
        }
    }

    @ParameterizedTest
    @EnumSource
    void what_a_server_cannot_do_it_refuses(RealDtls servers) throws Exception {
        try (DtlsServerPeer server = servers.server()) {
            if (!server.can(SENDS)) {
                assertThatThrownBy(() -> server.send("x")).isInstanceOf(UnsupportedOperationException.class);
            }
            if (!server.can(CLOSES_FIRST)) {
                assertThatThrownBy(server::closeFirst).isInstanceOf(UnsupportedOperationException.class);
            }
            if (!server.can(TELLS_DATA)) {
                assertThatThrownBy(() -> server.awaitReceived("x")).isInstanceOf(UnsupportedOperationException.class);
            }
        }
    }
}
