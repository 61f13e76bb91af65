package io.closenotify.testsuite.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;

/** What tests look at first in an outcome. */
record Ending(ShutdownResult result, ShutdownInitiator initiator, boolean closeNotifySent,
        boolean closeNotifyReceived) {

    static void assertOutcome(ShutdownOutcome outcome, ShutdownResult result, ShutdownInitiator initiator,
            boolean closeNotifySent, boolean closeNotifyReceived) {
        assertThat(outcome).isNotNull();
        assertThat(new Ending(outcome.result(), outcome.initiator(), outcome.closeNotifySent(),
                outcome.closeNotifyReceived()))
                .as(outcome.toString())
                .isEqualTo(new Ending(result, initiator, closeNotifySent, closeNotifyReceived));
    }
}
