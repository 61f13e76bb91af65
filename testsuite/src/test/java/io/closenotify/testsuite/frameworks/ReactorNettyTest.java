package io.closenotify.testsuite.frameworks;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.RelayedConnection;
import io.closenotify.testkit.TcpFaultRelay.End;
import io.closenotify.testkit.TcpFaultRelay.Fault;
import io.closenotify.testsuite.TlsSetup;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.netty.http.HttpProtocol;

/** Behind the {@code SslHandler} of Reactor Netty, and in front of its connection pool. */
@ExtendWith(LeakAndLogCheck.class)
class ReactorNettyTest {

    private static final HttpProtocol[] PROTOCOLS = {HttpProtocol.HTTP11, HttpProtocol.H2};

    static Stream<Arguments> setups() {
        return TlsSetup.cross(TlsSetup.all().stream(), PROTOCOLS);
    }

    static Stream<Arguments> tls13() {
        return TlsSetup.cross(TlsSetup.all().stream().filter(TlsSetup::tls13), PROTOCOLS);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_pool_that_is_disposed_of_ends_both_sides_cleanly(TlsSetup setup, HttpProtocol protocol) throws Exception {
        Outcomes atServer = new Outcomes();
        Outcomes atClient = new Outcomes();
        try (ReactorNettyService service = new ReactorNettyService(setup, protocol, 1, Mono::just, atServer,
                atClient)) {
            assertThat(answer(service.get("/1"))).isEqualTo("/1");
            assertThat(answer(service.get("/2"))).isEqualTo("/2");
            service.shutDownClient();
            atClient.areClean(1);
            atServer.areClean(1);
            assertThat(service.wire().endedByFin()).as("connections: the second call reused the first's").isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_server_that_shuts_down_ends_both_sides_cleanly(TlsSetup setup, HttpProtocol protocol) throws Exception {
        Outcomes atServer = new Outcomes();
        Outcomes atClient = new Outcomes();
        CompletableFuture<Void> accepted = new CompletableFuture<>();
        CompletableFuture<String> response = new CompletableFuture<>();
        try (ReactorNettyService service = new ReactorNettyService(setup, protocol, 8, path -> {
            accepted.complete(null);
            return Mono.fromFuture(response);
        }, atServer, atClient)) {
            CompletableFuture<String> call = service.get("/1");
            accepted.get(10, TimeUnit.SECONDS);
            CompletableFuture<Void> down = CompletableFuture.runAsync(service::shutDownServer);
            response.complete("done");
            assertThat(answer(call)).isEqualTo("done");
            down.get(10, TimeUnit.SECONDS);
            atServer.areClean(1);
            atClient.areClean(1);
            assertThat(service.wire().endedByFin()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_pooled_connection_whose_peer_sent_close_notify_is_not_reused(TlsSetup setup, HttpProtocol protocol)
            throws Exception {
        Outcomes atClient = new Outcomes();
        try (ReactorNettyService service = new ReactorNettyService(setup, protocol, 2, Mono::just, null,
                atClient)) {
            assertThat(answer(service.get("/1"))).isEqualTo("/1");
            RelayedConnection first = service.wire().connection();
            // The server does not see our answer, and leaves TCP open.
            first.cut(Direction.TO_SERVER, 0, Fault.STALL);
            service.connection().pipeline().get(SslHandler.class).closeOutbound();
            atClient.areClean(1);

            assertThat(first.end(Direction.TO_CLIENT)).as("the end of TCP").isNotDone();
            assertThat(answer(service.get("/2"))).isEqualTo("/2");
            service.wire().connection();
            first.resume(Direction.TO_SERVER);
            assertThat(first.end(Direction.TO_CLIENT).get(10, TimeUnit.SECONDS)).isEqualTo(End.FIN);
        }
    }

    @ParameterizedTest
    @MethodSource("tls13")
    void no_request_that_was_accepted_is_lost_while_servers_are_replaced(TlsSetup setup, HttpProtocol protocol)
            throws Exception {
        Outcomes outcomes = new Outcomes();
        RollingShutdown rolling = new RollingShutdown();
        rolling.run(() -> {
            ReactorNettyService service = new ReactorNettyService(setup, protocol, 8, path -> {
                int id = Integer.parseInt(path.substring(1));
                rolling.accepted(id);
                return Mono.delay(Duration.ofMillis(id % 5)).map(tick -> path.substring(1));
            }, outcomes, outcomes);
            return new RollingShutdown.Backend() {
                @Override
                public CompletableFuture<Integer> call(int id) {
                    return service.get("/" + id).thenApply(Integer::valueOf);
                }

                @Override
                public void shutDown() throws Exception {
                    service.shutDownServer();
                    service.shutDownClient();
                    service.wire().endedByFin();
                    outcomes.areClean();
                    service.close();
                }
            };
        });
    }

    private static String answer(CompletableFuture<String> call) throws Exception {
        return call.get(10, TimeUnit.SECONDS);
    }
}
