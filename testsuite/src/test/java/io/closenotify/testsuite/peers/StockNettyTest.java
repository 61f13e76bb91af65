package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.Ending.assertOutcome;
import static io.closenotify.testsuite.peers.RealPeer.POLICY;
import static io.closenotify.testsuite.peers.RealPeer.policy;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.peers.Connection.Application;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Our handler against a pipeline with Netty's {@code SslHandler} alone. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class StockNettyTest {

    private static final int MEGABYTE = 1_000_000;

    /** Our engine and role, and the engine of the other side. */
    record Sides(TlsSetup setup, boolean client, SslProvider stock) {

        /** The JDK's TLS 1.3 leaves the answer to the application, and SslHandler gives none. */
        boolean stockAnswers() {
            return stock != SslProvider.JDK || !setup.tls13();
        }

        @Override
        public String toString() {
            return setup + (client ? " client" : " server") + " against " + stock;
        }
    }

    static Stream<Sides> sides() {
        return TlsSetup.all().stream().flatMap(setup -> Stream.of(true, false).flatMap(
                client -> Stream.of(SslProvider.JDK, SslProvider.OPENSSL).map(
                        stock -> new Sides(setup, client, stock))));
    }

    /** Our connection and that of the other side. */
    private record Pair(Connection ours, Connection stock, Connection.Server server) implements AutoCloseable {

        static Pair of(Sides sides, ShutdownPolicy policy) throws Exception {
            TlsSetup other = new TlsSetup(sides.stock, sides.setup.protocol());
            ShutdownPolicy serversPolicy = sides.client ? null : policy;
            ShutdownPolicy clientsPolicy = sides.client ? policy : null;
            TlsSetup serversSetup = sides.client ? other : sides.setup;
            TlsSetup clientsSetup = sides.client ? sides.setup : other;
            Connection.Server server = new Connection.Server(serversSetup.server(), serversPolicy, Application.QUIET);
            try {
                Connection client = Connection.client(clientsSetup.client(), server.port(), clientsPolicy,
                        Application.QUIET);
                Connection accepted = server.next();
                return sides.client ? new Pair(client, accepted, server) : new Pair(accepted, client, server);
            } catch (Throwable e) {
                server.close();
                throw e;
            }
        }

        boolean stockGotCloseNotify() {
            return stock.events().stream().anyMatch(
                    event -> event instanceof SslCloseCompletionEvent close && close.isSuccess());
        }

        @Override
        public void close() {
            server.close();
            ours.handler().abort();
            for (Connection each : List.of(ours, stock)) {
                each.channel().close();
                each.channel().closeFuture().awaitUninterruptibly(Waits.DEADLINE.toMillis());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("sides")
    void stock_netty_answers_close_notify_except_with_tls_1_3_on_the_jdk(Sides sides) throws Exception {
        ShutdownPolicy policy = POLICY.toBuilder().peerTimeout(Duration.ofMillis(sides.stockAnswers() ? 10_000 : 200))
                .build();
        try (Pair pair = Pair.of(sides, policy)) {
            pair.ours.channel().close();

            assertOutcome(pair.ours.end(),
                    sides.stockAnswers() ? ShutdownResult.CLEAN : ShutdownResult.PEER_SILENT,
                    ShutdownInitiator.LOCAL, true, sides.stockAnswers());
            Waits.done(pair.stock.channel().closeFuture());
            assertThat(pair.stockGotCloseNotify()).isTrue();
            assertThat(pair.stock.exceptions()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("sides")
    void stock_netty_closes_first(Sides sides) throws Exception {
        try (Pair pair = Pair.of(sides, POLICY)) {
            // It resets what it has not read, such as the session tickets that come before this.
            pair.ours.write(1);
            pair.stock.awaitBytes(1);
            pair.stock.channel().close();

            assertOutcome(pair.ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(pair.ours.exceptions()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("sides")
    void stock_netty_gets_a_megabyte_whole_before_a_fast_close(Sides sides) throws Exception {
        try (Pair pair = Pair.of(sides, policy(ShutdownMode.FAST))) {
            pair.ours.write(MEGABYTE);
            pair.ours.channel().close();

            pair.stock.awaitBytes(MEGABYTE);
            assertThat(pair.ours.end().isSuccess()).isTrue();
            Waits.done(pair.stock.channel().closeFuture());
            assertThat(pair.stock.intact()).isTrue();
            assertThat(pair.stockGotCloseNotify()).isTrue();
            assertThat(pair.stock.exceptions()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("sides")
    void stock_netty_cannot_tell_a_quiet_shutdown_from_a_truncation(Sides sides) throws Exception {
        try (Pair pair = Pair.of(sides, policy(ShutdownMode.QUIET))) {
            pair.ours.channel().close();

            assertOutcome(pair.ours.end(), ShutdownResult.QUIET, ShutdownInitiator.LOCAL, true, true);
            Waits.done(pair.stock.channel().closeFuture());
            assertThat(pair.stockGotCloseNotify()).isFalse();
        }
    }
}
