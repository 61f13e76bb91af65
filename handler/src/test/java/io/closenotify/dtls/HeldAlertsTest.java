package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import javax.net.ssl.SSLSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeldAlertsTest {

    private final Forger forger = new Forger(2);

    private ByteBuf forgedAlert() {
        return forger.record(DtlsRecord.ALERT, 1, forger.sequence(), forger.noise(26));
    }

    private EmbeddedDtlsPair pair(Duration grace) {
        EmbeddedDtlsPair pair = new EmbeddedDtlsPair(
                DtlsContexts.withoutTickets(), builder -> builder.reorderGrace(grace)).handshake();
        forger.with(pair.allocator);
        return pair;
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 0", "3, 0", "4, 0", "5, 0", "50, 0", "0, 1", "0, 50", "3, 3", "4, 4"})
    void forged_alerts_around_the_genuine_one_change_nothing(int before, int behind) {
        try (EmbeddedDtlsPair pair = pair(Duration.ofMillis(100))) {
            ShutdownFuture future = pair.client.handler.shutdown();
            ByteBuf genuine = pair.client.sent();
            // In one go: all are held until the application has handled what came before.
            for (int i = 0; i < before; i++) {
                pair.server.channel.pipeline().fireChannelRead(forgedAlert());
            }
            pair.server.channel.pipeline().fireChannelRead(genuine);
            for (int i = 0; i < behind; i++) {
                pair.server.channel.pipeline().fireChannelRead(forgedAlert());
            }
            pair.server.channel.pipeline().fireChannelReadComplete();
            pair.pass(100);
            pair.exchange();
            assertThat(future.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(pair.server.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(pair.server.exceptions).isEmpty();
        }
    }

    /** The fifth pushes the first, which ends the connection, out in front of the engine. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void an_alert_that_comes_as_the_end_begins_is_released(boolean fatal) {
        try (EmbeddedDtlsPair pair = pair(Duration.ofMillis(100))) {
            pair.client.handler.shutdown();
            pair.client.channel.runPendingTasks();
            ByteBuf genuine;
            if (fatal) {
                genuine = DtlsContexts.fatalAlert(pair.server.handler.engine());
            } else {
                pair.server.handler.shutdown();
                genuine = pair.server.sent();
            }
            pair.client.channel.pipeline().fireChannelRead(genuine);
            for (int i = 0; i < 4; i++) {
                pair.client.channel.pipeline().fireChannelRead(forgedAlert());
            }
            pair.client.channel.pipeline().fireChannelReadComplete();
            assertThat(pair.client.outcome().result())
                    .isEqualTo(fatal ? ShutdownResult.FATAL_ALERT : ShutdownResult.CLEAN);
        }
    }

    @Test
    void without_grace_the_alert_does_not_wait_for_what_is_missing() {
        try (EmbeddedDtlsPair pair = pair(Duration.ZERO)) {
            pair.client.write("overtaken");
            ByteBuf data = pair.client.sent();
            pair.client.handler.shutdown();
            EmbeddedDtlsPair.carry(pair.client, pair.server);
            pair.server.channel.runPendingTasks();
            assertThat(pair.server.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(pair.server.outcome().missingAtMost()).isOne();
            pair.server.deliver(data);
            assertThat(pair.server.received).isEmpty();
        }
    }

    @Test
    void data_behind_the_grace_comes_too_late() {
        try (EmbeddedDtlsPair pair = pair(Duration.ofMillis(100))) {
            pair.client.write("overtaken");
            ByteBuf data = pair.client.sent();
            pair.client.handler.shutdown();
            EmbeddedDtlsPair.carry(pair.client, pair.server);
            pair.pass(100);
            pair.server.deliver(data);
            assertThat(pair.server.received).isEmpty();
            assertThat(pair.server.outcome().missingAtMost()).isOne();
        }
    }

    @Test
    void the_answer_goes_out_when_the_last_missing_record_has_come() {
        try (EmbeddedDtlsPair pair = pair(Duration.ofMillis(100))) {
            pair.client.write("a");
            ByteBuf first = pair.client.sent();
            pair.client.write("b");
            ByteBuf second = pair.client.sent();
            pair.client.handler.shutdown();
            EmbeddedDtlsPair.carry(pair.client, pair.server);
            pair.server.deliver(second);
            assertThat(pair.server.sent()).isNull();
            pair.server.deliver(first);
            assertThat(pair.server.received).hasToString("ba");
            assertThat(EmbeddedDtlsPair.drop(pair.server)).isOne();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_fatal_alert_of_the_peer_ends_the_connection_and_its_session(boolean shuttingDown) {
        try (EmbeddedDtlsPair pair = pair(Duration.ofMillis(100))) {
            if (shuttingDown) {
                pair.client.handler.shutdown();
                EmbeddedDtlsPair.drop(pair.client);
            }
            SSLSession session = pair.client.handler.engine().getSession();
            assertThat(session.isValid()).isTrue();
            pair.client.deliver(DtlsContexts.fatalAlert(pair.server.handler.engine()));
            ShutdownOutcome outcome = pair.client.outcome();
            assertThat(outcome.result()).isEqualTo(ShutdownResult.FATAL_ALERT);
            assertThat(outcome.initiator()).isEqualTo(shuttingDown ? ShutdownInitiator.LOCAL : ShutdownInitiator.PEER);
            assertThat(outcome.lastAlert()).isEqualTo("unexpected_message");
            assertThat(outcome.sessionResumable()).isFalse();
            assertThat(session.isValid()).isFalse();
            // Once: as an exception, or as the outcome of what was asked for.
            assertThat(pair.client.exceptions).hasSize(shuttingDown ? 0 : 1);
            assertThat(EmbeddedDtlsPair.drop(pair.client)).isZero();
        }
    }
}
