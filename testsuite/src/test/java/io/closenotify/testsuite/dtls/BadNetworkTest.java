package io.closenotify.testsuite.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.UdpFaultRelay;
import io.closenotify.testsuite.Waits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A network that loses, doubles, reorders and vanishes, between our own ends. */
class BadNetworkTest {

    private static final int CLOSES = 200;

    /** Without repetitions it is 166. */
    private static final int CLOSES_BOTH_KNOW = 199;

    private final SSLContext context = DtlsSetup.context();
    private final DtlsHandlerBuilder builder = DtlsSetup.builder(context, ShutdownPolicy.bidirectional());

    private static UdpFaultRelay relay(DtlsEcho server, long seed, double loss) {
        return UdpFaultRelay.to(server.address()).seed(seed)
                .loss(Direction.TO_SERVER, loss).loss(Direction.TO_CLIENT, loss).start();
    }

    @Test
    void every_handshake_survives_the_loss_of_a_fifth() throws Exception {
        try (DtlsEcho server = new DtlsEcho(builder); UdpFaultRelay relay = relay(server, 1, 0.2)) {
            List<DtlsClient> clients = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                clients.add(new DtlsClient(builder, relay.address()));
            }
            for (DtlsClient client : clients) {
                client.connected();
            }
            clients.forEach(DtlsClient::close);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void both_ends_know_of_the_close_though_a_tenth_is_lost(boolean clientFirst) throws Exception {
        List<ShutdownOutcome> failed = new ArrayList<>();
        DtlsHandlerBuilder lingering = DtlsSetup.builder(context, ShutdownPolicy.bidirectional())
                .policy(ShutdownPolicy.bidirectional());
        try (DtlsEcho server = new DtlsEcho(lingering); UdpFaultRelay relay = relay(server, 7, 0.1)) {
            List<DtlsClient> clients = new ArrayList<>();
            for (int i = 0; i < CLOSES; i++) {
                clients.add(new DtlsClient(lingering, relay.address()));
            }
            for (DtlsClient client : clients) {
                client.connected();
            }
            for (int i = 0; i < CLOSES; i++) {
                DtlsHandler child =
                        Waits.next(server.connections, "connection " + i).pipeline().get(DtlsHandler.class);
                // A client that resumes is done first.
                Waits.done(child.handshakeFuture());
                (clientFirst ? clients.get(i).handler : child).shutdown();
            }
            for (int i = 0; i < CLOSES; i++) {
                for (ShutdownOutcome outcome : List.of(
                        Waits.next(server.outcomes, "the server's outcome " + i), clients.get(i).outcome())) {
                    if (outcome.result() != ShutdownResult.CLEAN) {
                        failed.add(outcome);
                    }
                }
            }
            clients.forEach(DtlsClient::close);
        }
        assertThat(failed).hasSizeLessThanOrEqualTo(CLOSES - CLOSES_BOTH_KNOW);
    }

    @Test
    void what_is_doubled_is_delivered_once() throws Exception {
        // A flight that is repeated, because the machine is busy, uses up numbers.
        DtlsHandlerBuilder patient = DtlsSetup.builder(context, ShutdownPolicy.bidirectional())
                .retransmitTimeout(Duration.ofSeconds(2));
        try (DtlsEcho server = new DtlsEcho(patient);
                UdpFaultRelay relay = UdpFaultRelay.to(server.address())
                        .duplicates(Direction.TO_SERVER, 1).duplicates(Direction.TO_CLIENT, 1).start();
                DtlsClient client = new DtlsClient(patient, relay.address()).connected()) {
            for (int i = 0; i < 100; i++) {
                assertThat(client.echoOf("message " + i)).isEqualTo("message " + i);
            }
            ShutdownOutcome outcome = client.shutdown(ShutdownPolicy.bidirectional());
            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.missingAtMost()).isZero();
            assertThat(Waits.next(server.outcomes, "the server's outcome").missingAtMost()).isZero();
            assertThat(client.received).isEmpty();
        }
    }

    @Test
    void data_that_the_alert_has_overtaken_is_delivered() throws Exception {
        int messages = 10;
        // A flight that is repeated uses up numbers, and a busy machine may need longer than the default grace.
        DtlsHandlerBuilder patient = DtlsSetup.builder(context, ShutdownPolicy.bidirectional())
                .retransmitTimeout(Duration.ofSeconds(1)).reorderGrace(Duration.ofSeconds(5));
        try (DtlsEcho server = new DtlsEcho(patient);
                UdpFaultRelay relay = UdpFaultRelay.to(server.address()).seed(3)
                        .reorder(Direction.TO_SERVER, 0.3).hold(Direction.TO_SERVER, 3, Duration.ofMillis(20))
                        .start()) {
            for (int i = 0; i < 20; i++) {
                try (DtlsClient client = new DtlsClient(patient, relay.address()).connected()) {
                    for (int message = 0; message < messages; message++) {
                        client.send("message " + message);
                    }
                    client.shutdown(ShutdownPolicy.bidirectional());
                    ShutdownOutcome outcome = Waits.next(server.outcomes, "the server's outcome");
                    assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
                    assertThat(outcome.missingAtMost()).isZero();
                }
            }
            assertThat(server.messages.get()).isEqualTo(20 * messages);
        }
    }

    @Test
    void a_peer_that_has_vanished_ends_by_the_deadlines() throws Exception {
        ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder().peerTimeout(Duration.ofMillis(300)).build();
        DtlsHandlerBuilder impatient = DtlsSetup.builder(context, policy);
        try (DtlsEcho server = new DtlsEcho(impatient, channel -> channel.idleTimeout(Duration.ofMillis(500)));
                UdpFaultRelay relay = UdpFaultRelay.to(server.address()).start();
                DtlsClient client = new DtlsClient(impatient, relay.address()).connected()) {
            relay.block(Direction.TO_SERVER);
            relay.block(Direction.TO_CLIENT);
            ShutdownOutcome outcome = client.shutdown(policy);
            assertThat(outcome.result()).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(outcome.repeats()).isPositive();
            assertThat(Waits.next(server.outcomes, "the server's outcome").result())
                    .isEqualTo(ShutdownResult.PEER_SILENT);
            Waits.done(client.channel().closeFuture());
        }
    }
}
