package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DtlsResumptionTest {

    static List<Object[]> endings() {
        List<Object[]> rows = new ArrayList<>();
        for (ShutdownMode mode : ShutdownMode.values()) {
            for (boolean tickets : new boolean[] {true, false}) {
                for (boolean clientFirst : new boolean[] {true, false}) {
                    rows.add(new Object[] {mode, tickets, clientFirst});
                }
            }
        }
        return rows;
    }

    private static SSLContext context(boolean tickets) {
        return tickets ? DtlsContexts.context() : DtlsContexts.withoutTickets();
    }

    /** Carries a handshake; a full one has a Certificate of the server's. */
    private static boolean isFull(EmbeddedDtlsPair pair) {
        boolean certificate = false;
        for (int i = 0; i < 10; i++) {
            EmbeddedDtlsPair.carry(pair.client, pair.server);
            for (ByteBuf datagram = pair.server.sent(); datagram != null; datagram = pair.server.sent()) {
                for (int at = 0; DtlsRecord.length(datagram, at) > 0; at += DtlsRecord.length(datagram, at)) {
                    certificate |= DtlsRecord.handshakeType(
                            datagram.slice(at, DtlsRecord.length(datagram, at))) == 11;
                }
                pair.client.deliver(datagram);
            }
        }
        pair.handshake();
        return certificate;
    }

    @ParameterizedTest
    @MethodSource("endings")
    void a_session_is_resumed_after_any_shutdown(ShutdownMode mode, boolean tickets, boolean clientFirst) {
        SSLContext context = context(tickets);
        long created;
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(context, builder -> builder)) {
            assertThat(isFull(pair)).isTrue();
            created = pair.client.handler.engine().getSession().getCreationTime();
            ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder().mode(mode).build();
            (clientFirst ? pair.client : pair.server).handler.shutdown(policy);
            pair.exchange();
            assertThat((clientFirst ? pair.client : pair.server).outcome().sessionResumable()).isTrue();
        }
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(context, builder -> builder)) {
            assertThat(isFull(pair)).isFalse();
            assertThat(pair.client.handler.engine().getSession().getCreationTime()).isEqualTo(created);
            pair.assertTalks();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_session_is_not_resumed_after_a_fatal_alert(boolean tickets) {
        SSLContext context = context(tickets);
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(context, builder -> builder)) {
            assertThat(isFull(pair)).isTrue();
            pair.client.deliver(DtlsContexts.fatalAlert(pair.server.handler.engine()));
        }
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(context, builder -> builder)) {
            assertThat(isFull(pair)).isTrue();
        }
    }

    /** In both kinds of handshake, of which each side ends one. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothing_counts_as_missing_after_a_handshake(boolean tickets) {
        SSLContext context = context(tickets);
        for (int i = 0; i < 2; i++) {
            try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(context, builder -> builder)) {
                assertThat(isFull(pair)).isEqualTo(i == 0);
                pair.client.handler.shutdown();
                pair.exchange();
                assertThat(pair.client.outcome().missingAtMost()).isZero();
                assertThat(pair.server.outcome().missingAtMost()).isZero();
            }
        }
    }

    /** The JDK's engine would take the Finished for a forgery. */
    @Test
    void a_lost_ticket_is_waited_for() {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(DtlsContexts.context(), builder -> builder)) {
            int lost = 0;
            for (int passed = 0; passed < 20_000; passed += 500) {
                EmbeddedDtlsPair.carry(pair.client, pair.server);
                for (ByteBuf datagram = pair.server.sent(); datagram != null; datagram = pair.server.sent()) {
                    while (datagram.isReadable()) {
                        ByteBuf record = datagram.readRetainedSlice(
                                DtlsRecord.length(datagram, datagram.readerIndex()));
                        if (lost < 2 && DtlsRecord.handshakeType(record) == DtlsRecord.NEW_SESSION_TICKET) {
                            lost++;
                            record.release();
                        } else {
                            pair.client.deliver(record);
                        }
                    }
                    datagram.release();
                }
                pair.pass(500);
            }
            assertThat(lost).isEqualTo(2);
            pair.handshake();
        }
    }

    @Test
    void a_ticket_that_does_not_fit_into_a_datagram_is_done_without() {
        SSLContext context = DtlsContexts.context();
        byte[] session = null;
        for (int connection = 0; connection < 3; connection++) {
            try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(context, builder -> builder.mtu(400))) {
                ByteBuf hello = pair.client.sent();
                assertThat(DtlsRecord.handshakeType(hello)).isEqualTo(DtlsRecord.CLIENT_HELLO);
                assertThat(DtlsRecord.isFragment(hello)).isFalse();
                pair.server.deliver(hello);
                pair.handshake();
                assertThat(pair.client.handler.engine().getSession().getId()).isNotEqualTo(session);
                session = pair.client.handler.engine().getSession().getId();
                pair.client.handler.shutdown();
                pair.exchange();
            }
        }
    }
}
