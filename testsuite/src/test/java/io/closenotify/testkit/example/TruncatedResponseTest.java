package io.closenotify.testkit.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.TruncationException;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.PeerEvent.CloseNotify;
import io.closenotify.testkit.RelayedConnection;
import io.closenotify.testkit.ScriptedTlsPeer;
import io.closenotify.testkit.TcpFaultRelay;
import io.closenotify.testkit.TcpFaultRelay.Fault;
import io.closenotify.testkit.TlsScript;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Does our HTTP client notice that a response was cut short? */
@ExtendWith(LeakAndLogCheck.class)
class TruncatedResponseTest {

    private static final String RESPONSE = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it";

    private final HttpsClient client = new HttpsClient();

    TruncatedResponseTest() throws Exception {
    }

    @AfterEach
    void closeClient() {
        client.close();
    }

    // docs: begin truncation
    @Test
    void a_response_that_ends_without_close_notify_is_an_error() throws Exception {
        TlsScript truncating = TlsScript.begin().handshake()
                .receiveUntil("\r\n\r\n")
                .send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of")
                .fin()
                .awaitEnd();
        try (ScriptedTlsPeer server = ScriptedTlsPeer.server().play(truncating)) {
            CompletableFuture<String> body = client.get(server.address());

            assertThatThrownBy(() -> body.get(10, TimeUnit.SECONDS)).hasCauseInstanceOf(TruncationException.class);
            assertThat(server.report().get().text()).startsWith("GET / HTTP/1.1\r\n");
        }
    }
    // docs: end truncation

    @Test
    void a_response_that_ends_with_close_notify_is_none() throws Exception {
        TlsScript proper = TlsScript.begin().handshake()
                .receiveUntil("\r\n\r\n").send(RESPONSE).closeNotify().awaitEnd();
        try (ScriptedTlsPeer server = ScriptedTlsPeer.server().play(proper)) {
            assertThat(client.get(server.address()).get(10, TimeUnit.SECONDS)).isEqualTo("all of it");
            assertThat(server.report().get().events()).contains(new CloseNotify());
        }
    }

    /** The server is innocent here: the network cuts its response, in the header of a record and inside of it. */
    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5, 40})
    void a_response_that_the_network_cuts_is_an_error(int bytes) throws Exception {
        TlsScript proper = TlsScript.begin().handshake()
                .receiveUntil("\r\n\r\n").mark("asked").awaitSignal("respond").send(RESPONSE).closeNotify().awaitEnd();
        try (ScriptedTlsPeer server = ScriptedTlsPeer.server().play(proper);
                TcpFaultRelay relay = TcpFaultRelay.to(server.address()).start()) {
            CompletableFuture<String> body = client.get(relay.address());
            RelayedConnection connection = relay.nextConnection(Duration.ofSeconds(10));
            server.awaitMark("asked");
            connection.cut(Direction.TO_CLIENT, bytes, Fault.FIN);
            server.signal("respond");

            assertThatThrownBy(() -> body.get(10, TimeUnit.SECONDS)).isNotNull();
        }
    }
}
