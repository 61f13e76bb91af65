package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.dtls.EmbeddedDtlsPair.Side;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DtlsMtuTest {

    /** By how much the largest message's datagram may fall short of the MTU: CBC's padding. */
    static List<Object[]> ciphers() {
        List<Object[]> rows = new ArrayList<>();
        for (int mtu : new int[] {256, 1_400, 16_384}) {
            rows.add(new Object[] {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", mtu, 0});
            rows.add(new Object[] {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", mtu, 0});
            rows.add(new Object[] {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", mtu, 0});
            rows.add(new Object[] {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", mtu, 48});
            rows.add(new Object[] {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", mtu, 48});
            rows.add(new Object[] {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", mtu, 48});
        }
        return rows;
    }

    @ParameterizedTest
    @MethodSource("ciphers")
    void the_largest_message_fits_one_datagram_with_any_cipher(String cipher, int mtu, int slack) {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(DtlsContexts.withoutTickets(), builder -> builder.mtu(mtu)
                .sslParameters(parameters -> parameters.setCipherSuites(new String[] {cipher})))) {
            pair.handshake();
            assertThat(pair.client.handler.engine().getSession().getCipherSuite()).isEqualTo(cipher);
            for (Side side : List.of(pair.client, pair.server)) {
                assertLargestMessage(side, side == pair.client ? pair.server : pair.client, mtu, slack);
            }
        }
    }

    private static void assertLargestMessage(Side side, Side other, int mtu, int slack) {
        int most = side.handler.maxMessageSize();
        side.write("x".repeat(most));
        ByteBuf datagram = side.sent();
        assertThat(datagram.readableBytes()).isBetween(mtu - slack, mtu);
        assertThat(DtlsRecord.length(datagram, 0)).isEqualTo(datagram.readableBytes());
        other.deliver(datagram);
        assertThat(other.received).hasSize(most);
    }

    /** The engine makes its records smaller as it repeats them. */
    @ParameterizedTest
    @CsvSource({"256, 0", "256, 4", "600, 0", "600, 4", "1400, 5"})
    void no_datagram_of_a_handshake_exceeds_the_mtu(int mtu, int lost) {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(
                DtlsContexts.withoutTickets(), builder -> builder.mtu(mtu).handshakeTimeout(Duration.ZERO))) {
            int[] toLose = {lost, lost};
            for (int passed = 0; passed < 600_000; passed += 500) {
                carry(pair.client, pair.server, toLose, 0, mtu);
                carry(pair.server, pair.client, toLose, 1, mtu);
                pair.pass(500);
                if (pair.client.handler.handshakeFuture().isSuccess()
                        && pair.server.handler.handshakeFuture().isSuccess()) {
                    break;
                }
            }
            pair.handshake();
            assertLargestMessage(pair.client, pair.server, mtu, 0);
            assertLargestMessage(pair.server, pair.client, mtu, 0);
        }
    }

    /** A server that keeps no state for it could not put the pieces together. */
    @Test
    void a_client_hello_stays_whole_however_often_it_is_repeated() {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(
                DtlsContexts.withoutTickets(), builder -> builder.handshakeTimeout(Duration.ZERO))) {
            for (int repetition = 0; repetition < 20; repetition++) {
                ByteBuf datagram = pair.client.sent();
                assertThat(DtlsRecord.handshakeType(datagram)).isEqualTo(DtlsRecord.CLIENT_HELLO);
                assertThat(datagram.readableBytes()).isEqualTo(DtlsRecord.HEADER + DtlsRecord.HANDSHAKE_HEADER
                        + datagram.getUnsignedMedium(DtlsRecord.HEADER + 1));
                datagram.release();
                pair.pass(60_000);
            }
            pair.handshake();
        }
    }

    /** Loses whole flights, so that all of a flight has to be sent again. */
    private static void carry(Side from, Side to, int[] toLose, int index, int mtu) {
        boolean moved = false;
        boolean loses = toLose[index] > 0;
        for (ByteBuf datagram = from.sent(); datagram != null; datagram = from.sent()) {
            assertThat(datagram.readableBytes()).isLessThanOrEqualTo(mtu);
            moved = true;
            if (loses) {
                datagram.release();
            } else {
                to.deliver(datagram);
            }
        }
        toLose[index] -= moved && loses ? 1 : 0;
    }

    @Test
    void sides_may_differ_in_their_mtu() {
        SSLContext context = DtlsContexts.withoutTickets();
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(
                context, context, builder -> builder.mtu(256), builder -> builder.mtu(16_384))) {
            pair.handshake();
            assertLargestMessage(pair.client, pair.server, 256, 0);
            assertLargestMessage(pair.server, pair.client, 16_384, 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {256, 1_400})
    void a_long_chain_of_certificates_is_fragmented(int mtu) {
        SSLContext context = DtlsContexts.withChain(10);
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(context, builder -> builder.mtu(mtu))) {
            int[] none = {0, 0};
            for (int i = 0; i < 10; i++) {
                carry(pair.client, pair.server, none, 0, mtu);
                carry(pair.server, pair.client, none, 1, mtu);
            }
            pair.handshake();
            assertLargestMessage(pair.client, pair.server, mtu, 0);
        }
    }
}
