package io.closenotify.testsuite.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.testsuite.Waits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ManyClientsTest {

    private final DtlsHandlerBuilder builder =
            DtlsSetup.builder(DtlsSetup.context(), ShutdownPolicy.bidirectional());

    @ParameterizedTest
    @EnumSource(ShutdownMode.class)
    void fifty_clients_share_one_port(ShutdownMode mode) throws Exception {
        // Nothing tells a server of a quiet client's end but time; no client is idle for so long before it.
        Duration idle = mode == ShutdownMode.QUIET ? Duration.ofSeconds(5) : Duration.ofMinutes(1);
        try (DtlsEcho server = new DtlsEcho(builder.policy(ShutdownPolicy.bidirectional().toBuilder()
                .peerTimeout(Duration.ofMillis(200)).linger(DtlsSetup.LINGER).build()),
                channel -> channel.idleTimeout(idle))) {
            List<DtlsClient> clients = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                clients.add(new DtlsClient(builder, server.address()));
            }
            for (int i = 0; i < 50; i++) {
                assertThat(clients.get(i).connected().echoOf("hello " + i)).isEqualTo("hello " + i);
            }
            for (DtlsClient client : clients) {
                client.handler.shutdown(ShutdownPolicy.of(mode));
            }
            Map<ShutdownResult, Integer> results = new EnumMap<>(ShutdownResult.class);
            for (int i = 0; i < 50; i++) {
                assertThat(clients.get(i).outcome().isSuccess()).isTrue();
                ShutdownOutcome outcome = Waits.next(server.outcomes, "outcome " + i);
                results.merge(outcome.result(), 1, Integer::sum);
            }
            assertThat(results).containsOnly(Map.entry(
                    mode == ShutdownMode.QUIET ? ShutdownResult.PEER_SILENT : ShutdownResult.CLEAN, 50));
            clients.forEach(DtlsClient::close);
        }
    }

    @Test
    void sessions_are_resumed_after_each_mode() throws Exception {
        try (DtlsEcho server = new DtlsEcho(builder)) {
            byte[] session = null;
            for (ShutdownMode mode : ShutdownMode.values()) {
                try (DtlsClient first = new DtlsClient(builder, server.address()).connected()) {
                    session = first.handler.engine().getSession().getId();
                    assertThat(first.shutdown(ShutdownPolicy.of(mode)).sessionResumable()).isTrue();
                }
                try (DtlsClient second = new DtlsClient(builder, server.address()).connected()) {
                    assertThat(second.handler.engine().getSession().getId()).as("after " + mode).isEqualTo(session);
                    assertThat(second.echoOf("again")).isEqualTo("again");
                    second.shutdown(ShutdownPolicy.bidirectional());
                }
            }
        }
    }
}
