package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.RealPeer.policy;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.peers.Connection.Application;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Sessions between two pipelines of ours outlive every mode. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class ResumptionTest {

    static Stream<Arguments> everything() {
        return TlsSetup.all().stream().flatMap(client -> Stream.of(SslProvider.JDK, SslProvider.OPENSSL).flatMap(
                server -> Stream.of(ShutdownMode.values()).map(mode -> Arguments.of(client, server, mode))));
    }

    @ParameterizedTest
    @MethodSource("everything")
    void session_is_resumed_after_the_client_closed(TlsSetup setup, SslProvider server, ShutdownMode mode)
            throws Exception {
        ShutdownPolicy policy = policy(mode);
        SslContext context = setup.client();
        try (Connection.Server listener = new Connection.Server(new TlsSetup(server, setup.protocol()).server(), policy,
                Application.QUIET)) {
            for (int i = 0; i < 2; i++) {
                long start = System.currentTimeMillis();
                Connection client = Connection.client(context, listener.port(), policy, Application.QUIET);
                Connection accepted = listener.next();
                // The tickets of TLS 1.3 come before this.
                accepted.write(1);
                client.awaitBytes(1);
                assertThat(client.resumedSince(start)).isEqualTo(i == 1);

                client.channel().close();
                assertThat(client.end().sessionResumable()).isTrue();
                accepted.end();
            }
        }
    }
}
