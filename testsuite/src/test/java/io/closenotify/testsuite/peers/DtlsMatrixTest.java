package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.DtlsFeature.ANSWERS;
import static io.closenotify.testsuite.peers.DtlsFeature.CLOSES_FIRST;
import static io.closenotify.testsuite.peers.DtlsFeature.TELLS_ANSWER;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.dtls.DtlsClient;
import io.closenotify.testsuite.dtls.DtlsEcho;
import io.closenotify.testsuite.dtls.DtlsSetup;
import io.closenotify.testsuite.peers.DtlsEncounter.Role;
import io.closenotify.testsuite.peers.DtlsWire.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Our DTLS ends against those of others: both roles, every mode, every order. */
@ExtendWith(LeakAndLogCheck.class)
@NeedsProgram({"openssl", "gnutls-serv", "gnutls-cli", "botan", "stdbuf"})
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class DtlsMatrixTest {

    private static final SSLContext CONTEXT = DtlsSetup.context();

    /** Far more than a client on a busy machine needs between two flights. */
    private static final Duration IDLE = Duration.ofSeconds(2);

    /** Who closes first. */
    enum Order {
        US, PEER,
        /** Neither has seen the other's close_notify when it sends its own. */
        BOTH
    }

    /** What an outcome says. */
    private record Ending(ShutdownResult result, ShutdownInitiator initiator, boolean sent, boolean received,
            boolean repeated, long missingAtMost, boolean resumable) {

        static Ending of(ShutdownOutcome outcome) {
            return new Ending(outcome.result(), outcome.initiator(), outcome.closeNotifySent(),
                    outcome.closeNotifyReceived(), outcome.repeats() > 0, outcome.missingAtMost(),
                    outcome.sessionResumable());
        }
    }

    private static Set<DtlsFeature> features(Role ours, RealDtls peers) {
        return ours == Role.CLIENT ? peers.serverFeatures() : peers.clientFeatures();
    }

    /** Some servers cannot be made to close: DtlsPeersTest holds that they refuse. */
    static List<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (Role ours : Role.values()) {
            for (RealDtls peers : RealDtls.values()) {
                for (ShutdownMode mode : ShutdownMode.values()) {
                    cases.add(Arguments.of(ours, peers, mode, Order.US));
                    if (features(ours, peers).contains(CLOSES_FIRST)) {
                        cases.add(Arguments.of(ours, peers, mode, Order.PEER));
                        cases.add(Arguments.of(ours, peers, mode, Order.BOTH));
                    }
                }
            }
        }
        return cases;
    }

    private static Ending expected(ShutdownMode mode, Order order, boolean answers) {
        ShutdownInitiator initiator = order == Order.PEER ? ShutdownInitiator.PEER : ShutdownInitiator.LOCAL;
        long missing = order == Order.PEER ? 0 : -1;
        return switch (mode) {
            case BIDIRECTIONAL -> order == Order.US && !answers
                    ? new Ending(ShutdownResult.PEER_SILENT, initiator, true, false, true, -1, true)
                    : new Ending(ShutdownResult.CLEAN, initiator, true, true, false, 0, true);
            case FAST -> order == Order.PEER
                    ? new Ending(ShutdownResult.CLEAN, initiator, true, true, false, missing, true)
                    : new Ending(ShutdownResult.UNIDIRECTIONAL, initiator, true, false, false, missing, true);
            case QUIET -> new Ending(ShutdownResult.QUIET, initiator, true, true, false, missing, true);
        };
    }

    private static DtlsHandlerBuilder ours(ShutdownMode mode, boolean answered) {
        ShutdownPolicy policy = ShutdownPolicy.of(mode).toBuilder()
                .peerTimeout(answered ? Waits.DEADLINE : Duration.ofMillis(400)).linger(Waits.DEADLINE).build();
        return DtlsHandler.builder(CONTEXT).policy(policy).retransmitTimeout(Waits.DEADLINE)
                .repeatInterval(answered ? Waits.DEADLINE : Duration.ofMillis(20));
    }

    @ParameterizedTest(name = "{0} {1} {2} {3}")
    @MethodSource("cases")
    void every_mode_and_order_ends_as_it_should(Role role, RealDtls peers, ShutdownMode mode, Order order)
            throws Exception {
        boolean answers = features(role, peers).contains(ANSWERS);
        Ending expected = expected(mode, order, answers);
        boolean answered = expected.result() != ShutdownResult.PEER_SILENT;
        try (DtlsEncounter encounter = DtlsEncounter.start(role, peers, ours(mode, answered))) {
            encounter.connected().talk("hello");
            assertThat(encounter.wire.count(encounter.fromUs, Kind.FINISHED)).as("last flight, once").isEqualTo(1);

            close(encounter, mode, order);
            assertThat(Ending.of(encounter.outcome())).isEqualTo(expected);

            int alerts = alerts(mode, order, answers);
            if (mode == ShutdownMode.QUIET) {
                Waits.done(encounter.channel().closeFuture());
                encounter.awaitRelay();
                assertThat(encounter.peer.closeNotifies()).isZero();
            } else if (order == Order.US || encounter.peer.can(TELLS_ANSWER)) {
                encounter.peer.awaitCloseNotify();
            }
            encounter.wire.await(encounter.fromUs, Kind.ALERT, alerts);
            if (answered) {
                assertThat(encounter.wire.count(encounter.fromUs, Kind.ALERT)).isEqualTo(alerts);
            }
        }
    }

    /** How often we send close_notify where it is not repeated: lingering, we answer by it whatever comes. */
    private static int alerts(ShutdownMode mode, Order order, boolean answers) {
        return switch (mode) {
            case BIDIRECTIONAL -> 1;
            case FAST -> order == Order.BOTH || (order == Order.US && answers) ? 2 : 1;
            case QUIET -> 0;
        };
    }

    private static void close(DtlsEncounter encounter, ShutdownMode mode, Order order) throws InterruptedException {
        switch (order) {
            case US -> encounter.handler().shutdown();
            case PEER -> encounter.peer.closeFirst();
            case BOTH -> closeBoth(encounter, mode);
        }
    }

    private static void closeBoth(DtlsEncounter encounter, ShutdownMode mode) throws InterruptedException {
        encounter.wire.keepAlerts();
        encounter.peer.closeFirst();
        Runnable fromPeer = encounter.wire.keptAlert(encounter.relay, encounter.fromPeer);
        if (mode == ShutdownMode.QUIET) {
            Waits.done(encounter.handler().shutdown());
        } else {
            encounter.handler().shutdown();
            encounter.wire.keptAlert(encounter.relay, encounter.fromUs).run();
        }
        fromPeer.run();
    }

    /** All modes in one test, to wait once. */
    @Test
    void a_client_that_has_vanished_ends_by_the_idle_timeout() throws Exception {
        try (DtlsEcho bidirectional = vanishing(ShutdownMode.BIDIRECTIONAL);
                DtlsEcho fast = vanishing(ShutdownMode.FAST);
                DtlsEcho quiet = vanishing(ShutdownMode.QUIET)) {
            assertVanished(bidirectional, ShutdownMode.BIDIRECTIONAL);
            assertVanished(fast, ShutdownMode.FAST);
            assertVanished(quiet, ShutdownMode.QUIET);
        }
    }

    /** A server of which every client vanishes. */
    private static DtlsEcho vanishing(ShutdownMode mode) throws Exception {
        DtlsEcho server = new DtlsEcho(ours(mode, false), channel -> channel.idleTimeout(IDLE));
        for (RealDtls peers : RealDtls.values()) {
            try (DtlsClientPeer client = peers.connect(server.address())) {
                client.send("hello");
                client.awaitReceived("hello");
            }
        }
        return server;
    }

    private static void assertVanished(DtlsEcho server, ShutdownMode mode) throws InterruptedException {
        for (RealDtls peers : RealDtls.values()) {
            assertThat(Ending.of(Waits.next(server.outcomes, "an outcome of " + peers)))
                    .isEqualTo(expected(mode, Order.US, false));
        }
    }

    @ParameterizedTest
    @EnumSource(RealDtls.class)
    void a_server_that_has_vanished_ends_by_the_peer_timeout(RealDtls servers) throws Exception {
        DtlsClient ours;
        try (DtlsServerPeer server = servers.server()) {
            ours = new DtlsClient(ours(ShutdownMode.BIDIRECTIONAL, false), server.address()).connected();
        }
        try (DtlsClient client = ours) {
            client.handler.shutdown();
            assertThat(Ending.of(client.outcome()))
                    .isEqualTo(expected(ShutdownMode.BIDIRECTIONAL, Order.US, false));
        }
    }
}
