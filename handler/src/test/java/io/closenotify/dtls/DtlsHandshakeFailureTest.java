package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.closenotify.dtls.EmbeddedDtlsPair.Side;
import io.netty.channel.ChannelFuture;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DtlsHandshakeFailureTest {

    private static final String GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
    private static final String CHACHA20 = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";

    private static DtlsHandlerBuilder suites(DtlsHandlerBuilder builder, String... suites) {
        return builder.sslParameters(parameters -> parameters.setCipherSuites(suites));
    }

    private static SSLContext distrustful() throws Exception {
        SSLContext context = SSLContext.getInstance("DTLS");
        context.init(null, new TrustManager[] {new X509TrustManager() {
            @Override
            public void checkClientTrusted(X509Certificate[] chain, String authType) {
                throw new AssertionError("a client's");
            }

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
                throw new CertificateException("nobody is trusted");
            }

            @Override
            public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        }}, null);
        return context;
    }

    private static void run(EmbeddedDtlsPair pair, int millis) {
        for (int passed = 0; passed < millis; passed += 500) {
            pair.exchange();
            pair.pass(500);
        }
    }

    private static void assertFailed(Side side, String message, String alert) {
        assertThat(side.handler.handshakeFuture().cause()).hasMessageContaining(message);
        List<SslHandshakeCompletionEvent> events = side.events.stream()
                .filter(SslHandshakeCompletionEvent.class::isInstance).map(SslHandshakeCompletionEvent.class::cast)
                .toList();
        assertThat(events).hasSize(1);
        assertThat(events.get(0).cause()).isSameAs(side.handler.handshakeFuture().cause());
        ShutdownOutcome outcome = side.outcome();
        assertThat(outcome.result()).isEqualTo(ShutdownResult.ABORTED);
        assertThat(outcome.lastAlert()).isEqualTo(alert);
        assertThat(outcome.sessionResumable()).isFalse();
        assertThat(side.channel.isOpen()).isFalse();
        assertThat(side.exceptions).isEmpty();
    }

    @Test
    void a_refused_certificate_is_told_to_both() throws Exception {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(
                distrustful(), DtlsContexts.withoutTickets(), builder -> builder, builder -> builder)) {
            run(pair, 3_000);
            assertFailed(pair.client, "nobody is trusted", "certificate_unknown");
            assertFailed(pair.server, "certificate_unknown", "certificate_unknown");
        }
    }

    @Test
    void without_a_common_cipher_both_fail() {
        SSLContext context = DtlsContexts.withoutTickets();
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(context, context,
                builder -> suites(builder, GCM), builder -> suites(builder, CHACHA20))) {
            run(pair, 3_000);
            assertFailed(pair.server, "no cipher suites in common", "handshake_failure");
            assertFailed(pair.client, "handshake_failure", "handshake_failure");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void an_executor_that_refuses_tasks_fails_the_handshake(boolean client) {
        UnaryOperator<DtlsHandlerBuilder> refusing = builder -> builder.taskExecutor(task -> {
            throw new RejectedExecutionException("no room");
        });
        SSLContext context = DtlsContexts.withoutTickets();
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(context, context,
                client ? refusing : builder -> builder, client ? builder -> builder : refusing)) {
            run(pair, 61_000);
            Side side = client ? pair.client : pair.server;
            assertThat(side.handler.handshakeFuture().cause()).isInstanceOf(RejectedExecutionException.class);
            assertThat(side.outcome().result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(side.channel.isOpen()).isFalse();
        }
    }

    @Test
    void parameters_that_the_engine_refuses_fail_the_handshake() {
        SSLContext context = DtlsContexts.withoutTickets();
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(
                context, context, builder -> suites(builder, "NO_SUCH_SUITE"), builder -> builder)) {
            pair.pass(1);
            assertThat(pair.client.handler.handshakeFuture().cause()).isInstanceOf(IllegalArgumentException.class);
            assertThat(pair.client.handler.shutdown().outcome().result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(pair.client.channel.isOpen()).isFalse();
        }
    }

    /** What may end a handshake while a task of the engine runs elsewhere. */
    enum End { DEADLINE, SHUTDOWN, ABORT, REMOVAL, RECORDS }

    @ParameterizedTest
    @EnumSource
    void the_engine_is_left_alone_while_its_task_runs(End end) {
        Queue<Runnable> tasks = new ArrayDeque<>();
        SSLContext context = DtlsContexts.withoutTickets();
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(context, context,
                builder -> builder.taskExecutor(tasks::add).handshakeTimeout(Duration.ofSeconds(5)),
                builder -> builder)) {
            while (tasks.isEmpty()) {
                EmbeddedDtlsPair.carry(pair.client, pair.server);
                EmbeddedDtlsPair.carry(pair.server, pair.client);
            }
            Side side = pair.client;
            switch (end) {
                case DEADLINE -> pair.pass(5_000);
                case SHUTDOWN -> {
                    side.handler.shutdown();
                    pair.pass(3_000);
                }
                case ABORT -> side.handler.abort();
                case REMOVAL -> side.channel.pipeline().remove(side.handler);
                default -> {
                    for (int i = 0; i < 200; i++) {
                        side.deliver(new Forger(i).handshake(0, i, DtlsRecord.SERVER_HELLO, 1, new byte[] {
                            (byte) 254, (byte) 253}));
                    }
                    assertThat(pair.bytesHeld()).isLessThan(1 << 16);
                    pair.pass(5_000);
                }
            }
            assertThat(side.handler.handshakeFuture().isDone()).isTrue();
            // The task holds the engine's lock, for which nobody is to wait.
            assertThat(EmbeddedDtlsPair.drop(side)).isZero();
            while (!tasks.isEmpty()) {
                tasks.remove().run();
            }
            pair.pass(1);
            assertThat(EmbeddedDtlsPair.drop(side)).isZero();
            assertThat(side.exceptions).isEmpty();
        }
    }

    /** Who ends a handshake. */
    enum Ended { CLOSED_UNDERNEATH, SHUTDOWN, ABORT }

    @ParameterizedTest
    @EnumSource
    void a_handshake_that_is_ended_is_told_in_front_of_the_outcome(Ended by) {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair()) {
            Side side = pair.client;
            switch (by) {
                case CLOSED_UNDERNEATH -> side.channel.pipeline().context(side.handler).close();
                case SHUTDOWN -> side.handler.shutdown();
                case ABORT -> side.handler.abort();
            }
            pair.pass(3_000);
            assertThat(side.handler.handshakeFuture().cause()).isInstanceOf(ClosedChannelException.class);
            assertThat(side.events).extracting(Object::getClass).asInstanceOf(InstanceOfAssertFactories.LIST)
                    .startsWith(SslHandshakeCompletionEvent.class).contains(ShutdownOutcome.class);
        }
    }

    /** As long as alerts go out in plaintext: of the engine's farewell only a user_canceled can be had. */
    @Test
    void a_handshake_given_up_is_told_to_the_peer() {
        for (int stage = 1; stage < 4; stage++) {
            try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair()) {
                for (int i = 0; i < stage; i++) {
                    EmbeddedDtlsPair.carry(i % 2 == 0 ? pair.client : pair.server,
                            i % 2 == 0 ? pair.server : pair.client);
                }
                Side side = stage % 2 == 0 ? pair.client : pair.server;
                Side other = stage % 2 == 0 ? pair.server : pair.client;
                ShutdownFuture future = side.handler.shutdown();
                ChannelFuture write = side.channel.writeAndFlush(side.message("too late"));
                run(pair, 3_000);
                assertThat(future.outcome().result()).isEqualTo(ShutdownResult.ABORTED);
                assertThat(future.outcome().closeNotifySent()).isTrue();
                assertThat(write.isSuccess()).isFalse();
                assertThat(side.channel.isOpen()).isFalse();
                assertThat(other.channel.isOpen()).as("stage %s", stage).isFalse();
                assertThat(other.handler.handshakeFuture().cause()).hasMessageContaining("close_notify");
            }
        }
    }

    @Test
    void without_a_deadline_the_flight_is_repeated_for_ever() {
        SSLContext context = DtlsContexts.withoutTickets();
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(context, b -> b.handshakeTimeout(Duration.ZERO))) {
            List<Integer> sentAt = new ArrayList<>();
            for (int second = 0; second < 400; second++) {
                if (EmbeddedDtlsPair.drop(pair.client) > 0) {
                    sentAt.add(second);
                }
                pair.pass(1_000);
            }
            assertThat(sentAt).containsExactly(0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363);
            assertThat(pair.client.handler.handshakeFuture().isDone()).isFalse();
        }
    }

    @Test
    void writes_wait_for_the_handshake_and_fail_with_it() {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair()) {
            List<ChannelFuture> writes = new ArrayList<>();
            for (int i = 0; i < 70; i++) {
                writes.add(pair.client.channel.writeAndFlush(pair.client.message("x".repeat(1_000))));
            }
            assertThat(pair.client.channel.isWritable()).isFalse();
            pair.pass(60_000);
            assertThat(writes).allMatch(ChannelFuture::isDone).noneMatch(ChannelFuture::isSuccess);
        }
    }

    @Test
    void writes_before_the_handshake_keep_their_order() {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair()) {
            List<ChannelFuture> writes = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                writes.add(pair.client.channel.write(pair.client.message(Integer.toString(i))));
            }
            writes.add(pair.client.channel.write(pair.client.message("")));
            ChannelFuture tooLarge = pair.client.channel.write(pair.client.message("x".repeat(1_400)));
            pair.handshake();
            pair.exchange();
            assertThat(pair.server.received).hasToString("012345678");
            assertThat(writes).allMatch(ChannelFuture::isSuccess);
            assertThat(tooLarge.cause()).isInstanceOf(IllegalArgumentException.class);
            assertThat(pair.client.channel.isWritable()).isTrue();
        }
    }
}
