package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownResult;
import io.closenotify.dtls.EmbeddedDtlsPair.Side;
import io.netty.buffer.ByteBuf;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DtlsHandshakeTest {

    @Test
    void data_goes_both_ways() {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair().handshake()) {
            assertThat(pair.client.events).containsExactly(SslHandshakeCompletionEvent.SUCCESS);
            assertThat(pair.server.events).containsExactly(SslHandshakeCompletionEvent.SUCCESS);
            pair.assertTalks();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void loss_doubles_and_disorder_are_survived(boolean tickets) {
        SSLContext context = tickets ? DtlsContexts.context() : DtlsContexts.withoutTickets();
        List<String> failed = new ArrayList<>();
        for (int seed = 0; seed < 200; seed++) {
            // Every other one resumes the session of the one before.
            // Six flights in a row may be lost within a minute; an hour is for what never ends.
            try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair(
                    context, builder -> builder.handshakeTimeout(Duration.ofHours(1)))) {
                String problem = badNetwork(pair, new Random(seed));
                if (problem != null) {
                    failed.add("seed " + seed + ": " + problem);
                }
            }
            if (seed % 4 == 3) {
                context = tickets ? DtlsContexts.context() : DtlsContexts.withoutTickets();
            }
        }
        assertThat(failed).isEmpty();
    }

    private static String badNetwork(EmbeddedDtlsPair pair, Random random) {
        for (int passed = 0; passed < 3_600_000; passed += 500) {
            boolean moved = true;
            while (moved) {
                moved = carryBadly(pair.client, pair.server, random) | carryBadly(pair.server, pair.client, random);
            }
            if (pair.client.handler.handshakeFuture().isSuccess()
                    && pair.server.handler.handshakeFuture().isSuccess()) {
                return null;
            }
            pair.pass(500);
        }
        return pair.client.handler.handshakeFuture() + ", " + pair.server.handler.handshakeFuture();
    }

    private static boolean carryBadly(Side from, Side to, Random random) {
        List<ByteBuf> datagrams = new ArrayList<>();
        for (ByteBuf datagram = from.sent(); datagram != null; datagram = from.sent()) {
            datagrams.add(datagram);
        }
        boolean moved = !datagrams.isEmpty();
        if (random.nextInt(4) == 0) {
            Collections.shuffle(datagrams, random);
        }
        for (ByteBuf datagram : datagrams) {
            if (random.nextInt(5) == 0) {
                datagram.release();
                continue;
            }
            if (random.nextInt(10) == 0) {
                to.deliver(datagram.copy());
            }
            to.deliver(datagram);
        }
        return moved;
    }

    @Test
    void the_last_flight_is_repeated_for_a_peer_that_has_missed_it() {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair()) {
            while (!pair.server.handler.handshakeFuture().isSuccess()) {
                EmbeddedDtlsPair.carry(pair.client, pair.server);
                if (!pair.server.handler.handshakeFuture().isSuccess()) {
                    EmbeddedDtlsPair.carry(pair.server, pair.client);
                }
            }
            assertThat(EmbeddedDtlsPair.drop(pair.server)).isOne();
            pair.pass(1_000);
            EmbeddedDtlsPair.carry(pair.client, pair.server);
            EmbeddedDtlsPair.drop(pair.server);
            pair.pass(2_000);
            pair.handshake();
        }
    }

    @Test
    void nobody_there_ends_by_the_deadline() {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair()) {
            List<Integer> flights = new ArrayList<>();
            for (int passed = 0; passed < 60_000; passed += 1_000) {
                flights.add(EmbeddedDtlsPair.drop(pair.client));
                assertThat(pair.client.handler.handshakeFuture().isDone()).isFalse();
                pair.pass(1_000);
            }
            assertThat(pair.client.handler.handshakeFuture().cause()).hasMessageContaining("60000 ms");
            assertThat(pair.client.outcome().result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(pair.client.outcome().initiator()).isEqualTo(ShutdownInitiator.TRANSPORT);
            assertThat(pair.client.channel.isOpen()).isFalse();
            // 1 s doubling: at 0, 1, 3, 7, 15 and 31 s.
            assertThat(flights.stream().filter(sent -> sent > 0).count()).isEqualTo(6);
        }
    }

    @Test
    void messages_fill_the_datagram_and_no_more() {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair().handshake()) {
            int most = pair.client.handler.maxMessageSize();
            pair.client.write("x".repeat(most));
            ByteBuf datagram = pair.client.sent();
            assertThat(datagram.readableBytes()).isEqualTo(1_400);
            pair.server.deliver(datagram);
            assertThat(pair.server.received).hasSize(most);
            assertThat(pair.client.channel.writeAndFlush(
                    pair.client.channel.alloc().buffer(most + 1).writeZero(most + 1)).cause())
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("message: " + (most + 1));
        }
    }

    @Test
    void a_flight_that_is_replayed_is_not_answered_without_end() {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair()) {
            EmbeddedDtlsPair.carry(pair.client, pair.server);
            EmbeddedDtlsPair.carry(pair.server, pair.client);
            ByteBuf hello = pair.client.sent();
            int answers = 0;
            for (int copy = 0; copy < 500; copy++) {
                // Under another number the engine takes it for a repetition.
                hello.setShort(hello.readerIndex() + 9, 2 + copy);
                pair.server.deliver(hello.copy());
                answers += EmbeddedDtlsPair.drop(pair.server) > 0 ? 1 : 0;
            }
            hello.release();
            assertThat(answers).isBetween(2, 33);
        }
    }
}
