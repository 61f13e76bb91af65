package io.closenotify.testsuite.frameworks;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Behind the {@code SslHandler} of grpc-netty. */
@ExtendWith(LeakAndLogCheck.class)
class GrpcTest {

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    static List<TlsSetup> tls13() {
        return TlsSetup.all().stream().filter(TlsSetup::tls13).toList();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_client_that_shuts_down_ends_both_sides_cleanly(TlsSetup setup) throws Exception {
        Outcomes atServer = new Outcomes();
        Outcomes atClient = new Outcomes();
        try (GrpcService service = new GrpcService(setup, GrpcTest::echoThrice, atServer, atClient)) {
            assertThat(service.stream(new byte[] {1, 2, 3}).get(10, TimeUnit.SECONDS)).hasSize(3)
                    .containsOnly(new byte[] {1, 2, 3});
            service.client().shutdown();
            assertThat(service.client().awaitTermination(10, TimeUnit.SECONDS)).isTrue();
            atClient.areClean(1);
            atServer.areClean(1);
            assertThat(service.wire().endedByFin()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_server_that_shuts_down_finishes_its_streams_and_ends_both_sides_cleanly(TlsSetup setup) throws Exception {
        Outcomes atServer = new Outcomes();
        Outcomes atClient = new Outcomes();
        BlockingQueue<StreamObserver<byte[]>> accepted = new LinkedBlockingQueue<>();
        try (GrpcService service = new GrpcService(setup, (request, responses) -> {
            responses.onNext(request);
            accepted.add(responses);
        }, atServer, atClient)) {
            CompletableFuture<List<byte[]>> stream = service.stream(new byte[] {1});
            StreamObserver<byte[]> open = Waits.next(accepted, "the call");
            service.server().shutdown();
            open.onNext(new byte[100_000]);
            open.onCompleted();
            assertThat(stream.get(10, TimeUnit.SECONDS)).containsExactly(new byte[] {1}, new byte[100_000]);
            assertThat(service.server().awaitTermination(10, TimeUnit.SECONDS)).isTrue();
            atServer.areClean(1);
            atClient.areClean(1);
            assertThat(service.wire().endedByFin()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource("tls13")
    void no_call_that_was_accepted_is_lost_while_servers_are_replaced(TlsSetup setup) throws Exception {
        Outcomes outcomes = new Outcomes();
        RollingShutdown rolling = new RollingShutdown();
        rolling.run(() -> {
            GrpcService service = new GrpcService(setup, (request, responses) -> {
                int call = ByteBuffer.wrap(request).getInt();
                rolling.accepted(call);
                GrpcService.later(() -> {
                    responses.onNext(request);
                    responses.onCompleted();
                }, call % 5);
            }, outcomes, outcomes);
            return new RollingShutdown.Backend() {
                @Override
                public CompletableFuture<Integer> call(int id) {
                    return service.unary(ByteBuffer.allocate(4).putInt(id).array())
                            .thenApply(answer -> ByteBuffer.wrap(answer).getInt());
                }

                @Override
                public void shutDown() throws Exception {
                    service.wire().stopListening();
                    service.server().shutdown();
                    assertThat(service.server().awaitTermination(10, TimeUnit.SECONDS)).isTrue();
                    service.client().shutdown();
                    assertThat(service.client().awaitTermination(10, TimeUnit.SECONDS)).isTrue();
                    outcomes.areClean(2 * service.wire().endedByFin());
                    service.close();
                }
            };
        });
    }

    private static void echoThrice(byte[] request, StreamObserver<byte[]> responses) {
        for (int i = 0; i < 3; i++) {
            responses.onNext(request);
        }
        responses.onCompleted();
    }
}
