package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownResult;
import io.closenotify.dtls.EmbeddedDtlsPair.Side;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.socket.DatagramPacket;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What anyone can send who knows the addresses. */
class HostileNetworkTest {

    private static final int FLOOD = 20_000;
    private static final int LARGEST_FRAGMENT = (1 << 14) + 2_048;

    /** Kinds of forged datagrams. */
    enum Forgery {
        LONGER_THAN_ANY_RECORD((forger, i) -> forger.record(20 + i % 4, i / 4 % 2, i, new byte[17_000])),
        ALMOST_A_DATAGRAM((forger, i) -> forger.record(20 + i % 4, i / 4 % 2, i, new byte[60_000])),
        OF_A_LATER_EPOCH((forger, i) -> forger.record(20 + i % 4, 2 + i / 4 % 2, i, forger.noise(1_000))),
        PLAINTEXT((forger, i) -> forger.record(20 + i % 4, 0, i, forger.noise(1_000))),
        FATAL_ALERT((forger, i) -> forger.record(DtlsRecord.ALERT, 0, i, new byte[] {2, 40})),
        CLOSE_NOTIFY((forger, i) -> forger.record(DtlsRecord.ALERT, 0, i, new byte[] {1, 0})),
        CLIENT_HELLO((forger, i) -> forger.handshake(0, i, DtlsRecord.CLIENT_HELLO, i % 3, forger.noise(1_000))),
        GARBAGE((forger, i) -> Unpooled.wrappedBuffer(forger.noise(1 + i % 1_400))),
        CUT_HEADER((forger, i) -> forger.record(20 + i % 4, 1, i, new byte[0]).writerIndex(i % DtlsRecord.HEADER)),
        CUT_RECORD((forger, i) -> forger.record(20 + i % 4, 1, i, new byte[1_000]).writerIndex(1_012)),
        EMPTY_RECORD((forger, i) -> forger.record(20 + i % 4, 1, i, new byte[0])),
        DATA((forger, i) -> forger.record(DtlsRecord.APPLICATION_DATA, 1, forger.sequence(), forger.noise(i % 1_000))),
        LARGE_DATA((forger, i) -> forger.record(
                DtlsRecord.APPLICATION_DATA, 1, forger.sequence(), new byte[LARGEST_FRAGMENT])),
        ALERT((forger, i) -> forger.record(DtlsRecord.ALERT, 1, forger.sequence(), forger.noise(i % 1_000))),
        FINISHED((forger, i) -> forger.record(DtlsRecord.HANDSHAKE, 1, forger.sequence(), forger.noise(i % 1_000))),
        LAST_FINISHED((forger, i) -> forger.record(
                DtlsRecord.HANDSHAKE, 1, Forger.LAST_SEQUENCE, forger.noise(48))),
        CHANGE_CIPHER_SPEC((forger, i) -> forger.record(DtlsRecord.CHANGE_CIPHER_SPEC, i % 2, i, new byte[] {1}));

        private final BiFunction<Forger, Integer, ByteBuf> made;

        Forgery(BiFunction<Forger, Integer, ByteBuf> made) {
            this.made = made;
        }

        ByteBuf make(Forger forger, int number) {
            return made.apply(forger, number);
        }
    }

    private final Forger forger = new Forger(1);

    @ParameterizedTest
    @EnumSource
    void a_connection_outlives_a_flood(Forgery forgery) {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair().handshake()) {
            forger.with(pair.allocator);
            long before = heap();
            int answers = 0;
            for (int i = 0; i < FLOOD; i++) {
                Side victim = i % 2 == 0 ? pair.client : pair.server;
                victim.deliver(forgery.make(forger, i / 2));
                if (i % 100 == 99) {
                    pair.pass(1);
                    answers += EmbeddedDtlsPair.drop(pair.client) + EmbeddedDtlsPair.drop(pair.server);
                }
            }
            // In 200 ms, with one final flight in 100 ms at most.
            assertThat(answers).isLessThanOrEqualTo(2);
            assertThat(heap() - before).isLessThan(2L << 20);
            assertThat(pair.bytesHeld()).isLessThan(1 << 14);
            endsWell(pair);
        }
    }

    private static long heap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static void endsWell(EmbeddedDtlsPair pair) {
        pair.assertTalks();
        assertThat(pair.client.exceptions).isEmpty();
        assertThat(pair.server.exceptions).isEmpty();
        ShutdownFuture future = pair.client.handler.shutdown();
        pair.exchange();
        // An alert that waits behind a forged one.
        pair.pass(100);
        pair.exchange();
        assertThat(future.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(pair.server.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(future.outcome().missingAtMost()).isZero();
        assertThat(pair.server.outcome().missingAtMost()).isZero();
    }

    @Test
    void a_doubled_record_is_delivered_once() {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair().handshake()) {
            pair.client.write("once");
            ByteBuf datagram = pair.client.sent();
            for (int i = 0; i < FLOOD; i++) {
                pair.server.deliver(datagram.retainedDuplicate());
            }
            datagram.release();
            assertThat(pair.server.received).hasToString("once");
            pair.server.received.setLength(0);
            endsWell(pair);
        }
    }

    @Test
    void a_forged_record_between_two_in_a_datagram_harms_neither() {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair().handshake()) {
            for (Forgery forgery : Forgery.values()) {
                ByteBuf forged = forgery.make(forger, 3);
                boolean isRecord = DtlsRecord.length(forged, 0) > 0;
                pair.client.write("a");
                ByteBuf first = pair.client.sent();
                pair.client.write("b");
                ByteBuf second = pair.client.sent();
                pair.server.deliver(Unpooled.wrappedBuffer(first, forged, second));
                // There is nothing by which to find the next record behind what is none.
                assertThat(pair.server.received).as("%s", forgery).hasToString(isRecord ? "ab" : "a");
                pair.server.received.setLength(0);
            }
        }
    }

    @Test
    void a_datagram_packet_is_read_like_its_content() {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair().handshake()) {
            pair.client.write("packet");
            pair.server.channel.writeInbound(
                    new DatagramPacket(pair.client.sent(), EmbeddedDtlsPair.ADDRESS, EmbeddedDtlsPair.ADDRESS));
            assertThat(pair.server.received).hasToString("packet");
        }
    }

    /** At any stage: carried so many times from one to the other. */
    @ParameterizedTest
    @EnumSource
    void a_handshake_is_completed_after_a_flood(Forgery forgery) {
        for (int stage = 0; stage < 6; stage++) {
            try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair()) {
                for (int i = 0; i < stage; i++) {
                    EmbeddedDtlsPair.carry(
                            i % 2 == 0 ? pair.client : pair.server,
                            i % 2 == 0 ? pair.server : pair.client);
                }
                forger.with(pair.allocator);
                boolean weighs = stage == 3;
                long before = weighs ? heap() : 0;
                for (int i = 0; i < 1_200; i++) {
                    pair.client.deliver(forgery.make(forger, i));
                    pair.server.deliver(forgery.make(forger, i));
                }
                assertThat(weighs ? heap() - before : 0).isLessThan(4L << 20);
                assertThat(pair.bytesHeld()).isLessThan(1 << 20);
                for (int passed = 0; passed < 59_000; passed += 500) {
                    pair.exchange();
                    pair.pass(500);
                }
                pair.handshake();
                endsWell(pair);
            }
        }
    }
}
