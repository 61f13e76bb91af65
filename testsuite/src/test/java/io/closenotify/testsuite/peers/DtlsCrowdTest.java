package io.closenotify.testsuite.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.dtls.DtlsClient;
import io.closenotify.testsuite.dtls.DtlsEcho;
import io.closenotify.testsuite.dtls.DtlsSetup;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;

/** Ours and those of others, all at once on one port. */
@ExtendWith(LeakAndLogCheck.class)
@NeedsProgram({"openssl", "gnutls-serv", "gnutls-cli", "botan", "stdbuf"})
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class DtlsCrowdTest {

    private static final int CLIENTS = 50;

    @Test
    void fifty_clients_of_five_makes_talk_and_close() throws Exception {
        DtlsHandlerBuilder builder = DtlsSetup.builder(DtlsSetup.context(), ShutdownPolicy.bidirectional());
        List<DtlsClientPeer> theirs = new ArrayList<>();
        List<DtlsClient> ours = new ArrayList<>();
        try (DtlsEcho server = new DtlsEcho(builder)) {
            for (RealDtls clients : RealDtls.values()) {
                theirs.add(clients.connect(server.address()));
            }
            while (ours.size() + theirs.size() < CLIENTS) {
                ours.add(new DtlsClient(builder, server.address()));
            }
            for (int i = 0; i < theirs.size(); i++) {
                theirs.get(i).send("their hello " + i);
            }
            for (int i = 0; i < ours.size(); i++) {
                assertThat(ours.get(i).connected().echoOf("hello " + i)).isEqualTo("hello " + i);
            }
            for (int i = 0; i < theirs.size(); i++) {
                theirs.get(i).awaitReceived("their hello " + i);
            }
            theirs.forEach(DtlsPeer::closeFirst);
            for (DtlsClient client : ours) {
                client.handler.shutdown();
            }
            for (DtlsClient client : ours) {
                assertThat(client.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
            }
            for (int i = 0; i < CLIENTS; i++) {
                ShutdownOutcome outcome = Waits.next(server.outcomes, "outcome " + i);
                assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.CLEAN);
                assertThat(outcome.missingAtMost()).isNotNegative();
            }
            assertThat(server.connections).hasSize(CLIENTS);
            assertThat(server.messages).hasValue(CLIENTS);
        } finally {
            ours.forEach(DtlsClient::close);
            theirs.forEach(DtlsPeer::close);
        }
    }
}
