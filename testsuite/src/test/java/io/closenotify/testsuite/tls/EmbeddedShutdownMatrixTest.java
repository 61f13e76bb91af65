package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationException;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Engine × version × role × mode × what the peer does, in frozen time. */
@ExtendWith(LeakAndLogCheck.class)
class EmbeddedShutdownMatrixTest {

    record Cell(PeerBehaviour peer, ShutdownMode mode, TlsSetup setup, boolean client) {

        @Override
        public String toString() {
            return "peer " + peer.name().toLowerCase().replace('_', ' ') + ", " + mode + ", " + setup
                    + (client ? " client" : " server");
        }
    }

    static List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (PeerBehaviour peer : PeerBehaviour.values()) {
            for (ShutdownMode mode : ShutdownMode.values()) {
                for (TlsSetup setup : TlsSetup.all()) {
                    cells.add(new Cell(peer, mode, setup, true));
                    cells.add(new Cell(peer, mode, setup, false));
                }
            }
        }
        return cells;
    }

    /** TLS 1.2 on the JDK engine answers the peer's close_notify by itself, quiet or not. */
    private static ShutdownMode told(Cell cell) {
        boolean answeredByEngine = cell.peer == PeerBehaviour.CLOSES_FIRST_ON_AN_IDLE_CONNECTION
                && !cell.setup.tls13() && !cell.setup.boringSsl();
        return answeredByEngine ? ShutdownMode.FAST : cell.mode;
    }

    @ParameterizedTest
    @MethodSource("cells")
    void every_cell_has_the_right_result_flags_and_wire(Cell cell) {
        ShutdownPolicy policy = ShutdownPolicy.of(cell.mode);
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = new EmbeddedTlsPair(cell.setup, cell.client, policy, application)) {
            cell.peer.play(pair);
            pair.exchange();
            pair.advance(PeerBehaviour.atMost());
            pair.takeFromUs().release();

            assertThat(application.outcomes).as("one outcome").hasSize(1);
            ShutdownOutcome outcome = application.outcomes.element();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(cell.peer.expected(told(cell)));
            assertThat(outcome.initiator()).as(outcome.toString()).isEqualTo(cell.peer.initiator());
            assertThat(outcome.mode()).isEqualTo(cell.mode);
            assertThat(pair.alertsFromUs(cell.setup))
                    .as("alerts from us, of " + pair.ourWire.stream().map(bytes -> bytes.length).toList())
                    .isEqualTo(cell.peer.alerts(told(cell)));
            checkFlags(outcome, pair);
            assertThat(outcome.bytesDelivered()).isEqualTo(cell.peer.delivered(cell.mode));
            assertThat(outcome.bytesDiscarded()).isEqualTo(cell.peer.discarded(cell.mode));
            assertThat(application.bytes).hasValue(cell.peer.delivered(cell.mode));
            assertThat(outcome.bytesNotFlushed()).isZero();
            assertThat(outcome.sessionResumable()).isEqualTo(outcome.result() != ShutdownResult.FATAL_ALERT);
            assertThat(application.exceptions.stream().filter(e -> e instanceof TruncationException).count())
                    .isEqualTo(outcome.result() == ShutdownResult.TRUNCATED ? 1 : 0);
        }
    }

    private static void checkFlags(ShutdownOutcome outcome, EmbeddedTlsPair pair) {
        boolean sent = switch (outcome.result()) {
            case CLEAN, UNIDIRECTIONAL, QUIET, UNANSWERED, PEER_SILENT -> true;
            default -> pair.handler.state().closeNotifySent();
        };
        boolean received = switch (outcome.result()) {
            case CLEAN, QUIET -> true;
            default -> false;
        };
        if (outcome.result() != ShutdownResult.RESET || outcome.mode() != ShutdownMode.QUIET) {
            assertThat(outcome.closeNotifySent()).as(outcome.toString()).isEqualTo(sent);
            assertThat(outcome.closeNotifyReceived()).as(outcome.toString()).isEqualTo(received);
        }
        assertThat(pair.handler.state().closeNotifySent()).isEqualTo(outcome.closeNotifySent());
        assertThat(pair.handler.state().closeNotifyReceived()).isEqualTo(outcome.closeNotifyReceived());
    }
}
