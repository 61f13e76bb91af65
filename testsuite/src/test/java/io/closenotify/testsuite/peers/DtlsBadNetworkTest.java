package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.DtlsFeature.ANSWERS;
import static io.closenotify.testsuite.peers.DtlsFeature.BEARS_DOUBLED_FLIGHT;
import static io.closenotify.testsuite.peers.DtlsFeature.CLOSES_FIRST;
import static io.closenotify.testsuite.peers.DtlsFeature.SENDS;
import static io.closenotify.testsuite.peers.DtlsFeature.SURVIVES_LOSS;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.testkit.DatagramRule.Verdict;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.UdpFaultRelay;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.dtls.DtlsSetup;
import io.closenotify.testsuite.peers.DtlsEncounter.Role;
import io.closenotify.testsuite.peers.DtlsWire.Kind;
import io.closenotify.testsuite.peers.RealDtls.Tickets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A network that loses, doubles and reorders, between our ends and those of others. */
@ExtendWith(LeakAndLogCheck.class)
@NeedsProgram({"openssl", "gnutls-serv", "gnutls-cli", "botan", "stdbuf"})
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class DtlsBadNetworkTest {

    private static final SSLContext CONTEXT = DtlsSetup.contextWithTickets();
    private static final int HANDSHAKES = 2;

    /** One that does not wait for the longer of their timers. */
    private static final int SEED = 1400;

    /** What is wrong with the network during the handshake, both ways. */
    enum Fault {

        LOSS {
            @Override
            UdpFaultRelay.Builder on(UdpFaultRelay.Builder relay, Direction direction) {
                return relay.loss(direction, 0.2);
            }
        },
        REORDER {
            @Override
            UdpFaultRelay.Builder on(UdpFaultRelay.Builder relay, Direction direction) {
                return relay.reorder(direction, 0.3).hold(direction, 1, Duration.ofMillis(60));
            }
        };

        abstract UdpFaultRelay.Builder on(UdpFaultRelay.Builder relay, Direction direction);
    }

    private static Set<DtlsFeature> features(Role ours, RealDtls peers) {
        return ours == Role.CLIENT ? peers.serverFeatures() : peers.clientFeatures();
    }

    private static List<Arguments> cases(DtlsFeature... needed) {
        List<Arguments> cases = new ArrayList<>();
        for (Role ours : Role.values()) {
            for (RealDtls peers : RealDtls.values()) {
                if (features(ours, peers).containsAll(List.of(needed))) {
                    cases.add(Arguments.of(ours, peers));
                }
            }
        }
        return cases;
    }

    private static DtlsHandlerBuilder ours() {
        ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder()
                .peerTimeout(Duration.ofMillis(500)).linger(DtlsSetup.LINGER).build();
        return DtlsSetup.builder(CONTEXT, policy).reorderGrace(Waits.DEADLINE);
    }

    private static DtlsEncounter start(Arguments pair, UnaryOperator<UdpFaultRelay.Builder> faults)
            throws InterruptedException {
        return DtlsEncounter.start((Role) pair.get()[0], (RealDtls) pair.get()[1], ours(), Tickets.IF_KNOWN,
                new DtlsWire(), faults);
    }

    /** All at once: the timers of some peers are seconds. */
    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource
    void handshakes_survive(Fault fault) throws Exception {
        List<DtlsEncounter> encounters = new ArrayList<>();
        try {
            for (Arguments pair : cases(SURVIVES_LOSS)) {
                for (int i = 0; i < HANDSHAKES; i++) {
                    long seed = SEED + encounters.size();
                    encounters.add(start(pair, relay -> fault.on(
                            fault.on(relay.seed(seed), Direction.TO_SERVER), Direction.TO_CLIENT)));
                }
            }
            for (DtlsEncounter encounter : encounters) {
                encounter.connected().wire.spoils(false);
            }
            for (DtlsEncounter encounter : encounters) {
                encounter.talk("hello");
            }
        } finally {
            encounters.forEach(DtlsEncounter::close);
        }
    }

    static List<Arguments> peersThatBearDuplicates() {
        List<Arguments> cases = cases();
        cases.removeIf(pair -> pair.get()[0] == Role.CLIENT && pair.get()[1] == RealDtls.BOTAN);
        return cases;
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("peersThatBearDuplicates")
    void what_is_doubled_is_delivered_once(Role role, RealDtls peers) throws Exception {
        boolean bothWays = role == Role.CLIENT || peers.clientFeatures().contains(BEARS_DOUBLED_FLIGHT);
        try (DtlsEncounter encounter = start(Arguments.of(role, peers), relay -> {
            relay.duplicates(Direction.TO_SERVER, 1);
            return bothWays ? relay.duplicates(Direction.TO_CLIENT, 1) : relay;
        })) {
            encounter.connected().talk("hello");
            int messages = role == Role.SERVER ? encounter.messages() : 0;
            encounter.talk("again");
            encounter.handler().shutdown();
            ShutdownOutcome outcome = encounter.outcome();
            assertThat(outcome.result()).isEqualTo(
                    encounter.peer.can(ANSWERS) ? ShutdownResult.CLEAN : ShutdownResult.PEER_SILENT);
            if (role == Role.SERVER) {
                assertThat(encounter.messages()).isEqualTo(messages + 1);
            } else {
                assertThat(encounter.received()).isEmpty();
            }
        }
    }

    static List<Arguments> peersThatSendAndClose() {
        return cases(SENDS, CLOSES_FIRST);
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("peersThatSendAndClose")
    void data_that_the_peers_alert_has_overtaken_is_delivered(Role role, RealDtls peers) throws Exception {
        try (DtlsEncounter encounter = start(Arguments.of(role, peers), relay -> relay
                .hold(Direction.TO_SERVER, 1, Waits.DEADLINE).hold(Direction.TO_CLIENT, 1, Waits.DEADLINE))) {
            ShutdownOutcome outcome = closeWithTheLastLine(encounter, Verdict.HOLD);

            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.missingAtMost()).isZero();
            if (role == Role.SERVER) {
                assertThat(encounter.messages()).isEqualTo(peers.clientFeatures()
                        .contains(DtlsFeature.CONNECTS_WITHOUT_DATA) ? 2 : 3);
            } else {
                assertThat(encounter.received()).containsExactly("last\n");
            }
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("peersThatSendAndClose")
    void data_that_was_lost_before_the_peers_alert_is_counted(Role role, RealDtls peers) throws Exception {
        DtlsHandlerBuilder ours = ours().reorderGrace(Duration.ofMillis(20));
        try (DtlsEncounter encounter = DtlsEncounter.start(role, peers, ours)) {
            ShutdownOutcome outcome = closeWithTheLastLine(encounter, Verdict.DROP);

            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.missingAtMost()).isEqualTo(1);
        }
    }

    private static ShutdownOutcome closeWithTheLastLine(DtlsEncounter encounter, Verdict last)
            throws InterruptedException {
        encounter.connected().talk("hello");
        int data = encounter.wire.count(encounter.fromPeer, Kind.DATA);
        encounter.wire.once(encounter.fromPeer, Kind.DATA, last);
        encounter.peer.send("last");
        encounter.wire.await(encounter.fromPeer, Kind.DATA, data + 1);
        encounter.peer.closeFirst();
        return encounter.outcome();
    }

    static List<Arguments> peers() {
        return cases();
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("peers")
    void a_lost_close_notify_of_ours_is_repeated(Role role, RealDtls peers) throws Exception {
        try (DtlsEncounter encounter = start(Arguments.of(role, peers), relay -> relay)) {
            encounter.connected().talk("hello");
            encounter.wire.once(encounter.fromUs, Kind.ALERT, Verdict.DROP);
            encounter.handler().shutdown();
            ShutdownOutcome outcome = encounter.outcome();
            assertThat(outcome.result()).isEqualTo(
                    encounter.peer.can(ANSWERS) ? ShutdownResult.CLEAN : ShutdownResult.PEER_SILENT);
            assertThat(outcome.repeats()).isPositive();
            encounter.peer.awaitCloseNotify();
        }
    }

    static List<Arguments> peersThatAnswer() {
        return cases(ANSWERS);
    }

    /** None of them repeats it. */
    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("peersThatAnswer")
    void a_lost_answer_ends_by_the_deadline(Role role, RealDtls peers) throws Exception {
        try (DtlsEncounter encounter = start(Arguments.of(role, peers), relay -> relay)) {
            encounter.connected().talk("hello");
            encounter.wire.once(encounter.fromPeer, Kind.ALERT, Verdict.DROP);
            encounter.handler().shutdown();
            assertThat(encounter.outcome().result()).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(encounter.wire.isDone()).isTrue();
        }
    }

    static List<Arguments> lastFlights() {
        List<Arguments> cases = new ArrayList<>();
        for (Role role : Role.values()) {
            for (RealDtls peers : List.of(RealDtls.OPENSSL, RealDtls.GNUTLS)) {
                for (Kind kind : List.of(Kind.NEW_SESSION_TICKET, Kind.CHANGE_CIPHER_SPEC, Kind.FINISHED)) {
                    cases.add(Arguments.of(role, peers, kind));
                }
            }
        }
        return cases;
    }

    /** Each of what the server's last flight consists of, once, both lost and late. All at once. */
    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @EnumSource(names = {"DROP", "HOLD"})
    void the_last_flight_may_be_lost_or_late(Verdict verdict) throws Exception {
        List<DtlsEncounter> encounters = new ArrayList<>();
        try {
            for (Arguments flight : lastFlights()) {
                DtlsWire wire = new DtlsWire();
                wire.once(Direction.TO_CLIENT, (Kind) flight.get()[2], verdict);
                encounters.add(DtlsEncounter.start((Role) flight.get()[0], (RealDtls) flight.get()[1], ours(),
                        Tickets.IF_KNOWN, wire, relay -> relay));
            }
            for (DtlsEncounter encounter : encounters) {
                encounter.connected().talk("hello");
                assertThat(encounter.wire.isDone()).isTrue();
                assertThat(encounter.wire.count(Direction.TO_CLIENT, Kind.NEW_SESSION_TICKET)).isPositive();
            }
        } finally {
            encounters.forEach(DtlsEncounter::close);
        }
    }
}
