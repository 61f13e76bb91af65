package io.closenotify.testkit.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.UdpFaultRelay;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.dtls.DtlsClient;
import io.closenotify.testsuite.dtls.DtlsEcho;
import io.closenotify.testsuite.dtls.DtlsSetup;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Does the end of our DTLS connections survive the loss of an alert, which nobody retransmits? */
@ExtendWith(LeakAndLogCheck.class)
class LostAlertTest {

    private static final int ALERT = 21;

    @ParameterizedTest
    @EnumSource(Direction.class)
    void the_first_close_notify_of_either_side_may_be_lost(Direction lost) throws Exception {
        DtlsHandlerBuilder ours = DtlsSetup.builder(DtlsSetup.context(), ShutdownPolicy.bidirectional());
        try (DtlsEcho server = new DtlsEcho(ours);
                UdpFaultRelay relay = UdpFaultRelay.to(server.address()).record(1_000).start();
                DtlsClient client = new DtlsClient(ours, relay.address()).connected()) {
            client.echoOf("hello");
            boolean[] dropped = {false};
            relay.drop(lost, datagram -> {
                boolean first = !dropped[0] && datagram.content().get(0) == ALERT;
                dropped[0] |= first;
                return first;
            });

            ShutdownOutcome outcome = client.shutdown(ShutdownPolicy.bidirectional());

            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.repeats()).isPositive();
            assertThat(Waits.next(server.outcomes, "the server's outcome").result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(relay.counts(lost).dropped().datagrams()).isEqualTo(1);
        }
    }
}
