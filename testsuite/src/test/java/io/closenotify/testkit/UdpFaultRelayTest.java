package io.closenotify.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.testsuite.Waits;
import io.closenotify.testkit.DatagramCounts.Traffic;
import io.closenotify.testkit.DatagramRule.Datagram;
import io.closenotify.testkit.DatagramRule.Verdict;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakAndLogCheck.class)
@Timeout(30)
class UdpFaultRelayTest {

    private static final Duration FOREVER = Duration.ofHours(1);
    private static final Duration DELAY = Duration.ofMillis(50);

    private Endpoint client;
    private Endpoint server;
    private UdpFaultRelay relay;

    @BeforeEach
    void open() throws IOException {
        client = new Endpoint(0);
        server = new Endpoint(0);
    }

    @AfterEach
    void closeAll() {
        client.close();
        server.close();
        if (relay != null) {
            relay.close();
        }
    }

    /** A plain socket on loopback. */
    private static final class Endpoint implements AutoCloseable {

        private final DatagramSocket socket;
        private SocketAddress lastSender;

        Endpoint(int port) throws IOException {
            socket = new DatagramSocket(port, InetAddress.getLoopbackAddress());
            socket.setReceiveBufferSize(4 << 20);
            socket.setSoTimeout((int) Waits.DEADLINE.toMillis());
        }

        InetSocketAddress address() {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }

        void send(SocketAddress to, byte[] bytes) throws IOException {
            socket.send(new DatagramPacket(bytes, bytes.length, to));
        }

        byte[] receive() throws IOException {
            DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
            socket.receive(packet);
            lastSender = packet.getSocketAddress();
            return Arrays.copyOf(packet.getData(), packet.getLength());
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    private UdpFaultRelay.Builder builder() {
        return UdpFaultRelay.to(server.address());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(US_ASCII);
    }

    private static ByteBuf buffer(String text) {
        return Unpooled.copiedBuffer(text, US_ASCII);
    }

    private static String text(ByteBuffer content) {
        return US_ASCII.decode(content).toString();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private void clientSends(String... texts) throws IOException {
        for (String text : texts) {
            client.send(relay.address(), bytes(text));
        }
    }

    private void serverAnswers(String... texts) throws IOException {
        for (String text : texts) {
            server.send(server.lastSender, bytes(text));
        }
    }

    private void assertServerReceives(String... texts) throws IOException {
        for (String text : texts) {
            assertThat(new String(server.receive(), US_ASCII)).isEqualTo(text);
        }
    }

    private void assertClientReceives(String... texts) throws IOException {
        for (String text : texts) {
            assertThat(new String(client.receive(), US_ASCII)).isEqualTo(text);
        }
    }

    /** Makes the client known to relay and server. */
    private void meet() throws IOException {
        clientSends("hello");
        assertServerReceives("hello");
    }

    private RelayedDatagram nextRecorded() throws InterruptedException {
        return Waits.next(relay.recording(), "a recorded datagram");
    }

    private void assertRecorded(Direction direction, Verdict verdict, String text) throws InterruptedException {
        RelayedDatagram recorded = nextRecorded();
        assertThat(recorded.direction()).isEqualTo(direction);
        assertThat(new String(recorded.bytes(), US_ASCII)).isEqualTo(text);
        assertThat(recorded.verdict()).isEqualTo(verdict);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1_200, 2_049, 65_507})
    void without_a_fault_datagrams_pass_unchanged_in_both_directions(int length) throws Exception {
        relay = builder().start();

        client.send(relay.address(), random(length));
        assertThat(server.receive()).isEqualTo(random(length));
        server.send(server.lastSender, random(length));
        assertThat(client.receive()).isEqualTo(random(length));
        assertThat(client.lastSender).isEqualTo(relay.address());
    }

    @Test
    void the_server_sees_one_address_a_client() throws Exception {
        relay = builder().start();
        meet();
        SocketAddress first = server.lastSender;
        clientSends("again");
        assertServerReceives("again");
        assertThat(server.lastSender).isEqualTo(first);

        try (Endpoint second = new Endpoint(0)) {
            second.send(relay.address(), bytes("me too"));
            assertServerReceives("me too");
            assertThat(server.lastSender).isNotEqualTo(first);
            assertThat(relay.clients()).containsExactly(client.address(), second.address());

            serverAnswers("to the second");
            server.send(first, bytes("to the first"));
            assertClientReceives("to the first");
            assertThat(second.receive()).asString(US_ASCII).isEqualTo("to the second");
        }
    }

    @Test
    void ten_megabytes_in_bursts_pass_without_loss_and_in_order_despite_a_delay_each_way() throws Exception {
        Duration tenMillis = Duration.ofMillis(10);
        relay = builder().delay(Direction.TO_SERVER, tenMillis).delay(Direction.TO_CLIENT, tenMillis).start();
        int total = 8_500;
        int burst = 125;
        byte[] payload = random(1_200);

        for (int sent = 0; sent < total; sent += burst) {
            for (int i = sent; i < sent + burst; i++) {
                client.send(relay.address(), ByteBuffer.wrap(payload).putInt(0, i).array());
            }
            for (int i = sent; i < sent + burst; i++) {
                byte[] received = server.receive();
                server.send(server.lastSender, received);
            }
            for (int i = sent; i < sent + burst; i++) {
                byte[] expected = ByteBuffer.wrap(payload).putInt(0, i).array();
                assertThat(Arrays.equals(client.receive(), expected)).as("datagram %d", i).isTrue();
            }
        }
        Traffic all = new Traffic(total, total * 1_200L);
        for (Direction direction : Direction.values()) {
            assertThat(relay.counts(direction))
                    .isEqualTo(new DatagramCounts(all, all, Traffic.NONE, Traffic.NONE, Traffic.NONE));
        }
    }

    @ParameterizedTest
    @EnumSource(Direction.class)
    void delay_applies_to_its_direction_alone(Direction delayed) throws Exception {
        relay = builder().delay(delayed, DELAY).record(10).start();

        long start = System.nanoTime();
        clientSends("ask");
        assertServerReceives("ask");
        serverAnswers("answer");
        assertClientReceives("answer");

        assertThat(System.nanoTime() - start).isBetween(DELAY.toNanos(), Waits.DEADLINE.toNanos());
        long asked = nextRecorded().nanoTime() - start;
        if (delayed == Direction.TO_SERVER) {
            assertThat(asked).isGreaterThanOrEqualTo(DELAY.toNanos());
        } else {
            assertThat(nextRecorded().nanoTime() - start - asked).isGreaterThanOrEqualTo(DELAY.toNanos());
        }
    }

    @Test
    void datagrams_are_lost_at_the_loss_rate() throws Exception {
        relay = builder().loss(Direction.TO_SERVER, 0.25).record(2_000).start();

        for (int i = 0; i < 2_000; i++) {
            client.send(relay.address(), bytes("x"));
            nextRecorded();
        }

        assertThat(relay.counts(Direction.TO_SERVER).dropped().datagrams()).isBetween(400L, 600L);
    }

    @Test
    void a_rate_of_one_loses_all_of_its_direction_and_nothing_of_the_other() throws Exception {
        relay = builder().loss(Direction.TO_CLIENT, 1).record(10).start();
        meet();
        serverAnswers("lost");

        assertRecorded(Direction.TO_SERVER, Verdict.PASS, "hello");
        assertRecorded(Direction.TO_CLIENT, Verdict.DROP, "lost");
        assertThat(relay.counts(Direction.TO_CLIENT).forwarded()).isEqualTo(Traffic.NONE);
    }

    @Test
    void a_duplicate_follows_its_datagram() throws Exception {
        relay = builder().duplicates(Direction.TO_SERVER, 1).delay(Direction.TO_SERVER, DELAY).start();

        clientSends("a", "b");

        assertServerReceives("a", "a", "b", "b");
        assertThat(relay.counts(Direction.TO_SERVER)).isEqualTo(new DatagramCounts(new Traffic(2, 2),
                new Traffic(4, 4), Traffic.NONE, new Traffic(2, 2), Traffic.NONE));
    }

    @Test
    void a_held_datagram_is_overtaken_by_exactly_as_many_as_were_set() throws Exception {
        relay = builder()
                .rule(datagram -> datagram.ordinal() == 1 ? Verdict.HOLD : Verdict.PASS)
                .hold(Direction.TO_SERVER, 2, FOREVER)
                .delay(Direction.TO_SERVER, Duration.ofMillis(1))
                .start();

        clientSends("1", "2", "3", "4");

        assertServerReceives("2", "3", "1", "4");
    }

    @Test
    void a_lost_or_held_datagram_overtakes_nothing() throws Exception {
        relay = builder()
                .rule(datagram -> switch (text(datagram.content())) {
                    case "held" -> Verdict.HOLD;
                    case "lost" -> Verdict.DROP;
                    default -> Verdict.PASS;
                })
                .hold(Direction.TO_SERVER, 1, FOREVER)
                .start();

        clientSends("held", "held", "lost", "passes", "passes later");

        assertServerReceives("passes", "held", "held", "passes later");
    }

    @Test
    void a_held_datagram_waits_no_longer_than_set() throws Exception {
        relay = builder().reorder(Direction.TO_SERVER, 1).hold(Direction.TO_SERVER, 1, DELAY).record(10).start();

        long start = System.nanoTime();
        clientSends("1", "2");

        assertServerReceives("1", "2");
        assertThat(System.nanoTime() - start).isBetween(DELAY.toNanos(), Waits.DEADLINE.toNanos());
        assertRecorded(Direction.TO_SERVER, Verdict.HOLD, "1");
    }

    @Test
    void the_same_seed_makes_the_same_decisions_whatever_other_clients_do() throws Exception {
        List<String> first = decisions(42, false);

        assertThat(first).hasSizeGreaterThan(150);
        assertThat(decisions(42, true)).isEqualTo(first);
        assertThat(decisions(43, false)).isNotEqualTo(first);
    }

    private List<String> decisions(long seed, boolean company) throws Exception {
        UdpFaultRelay.Builder seeded = builder()
                .seed(seed)
                .loss(Direction.TO_SERVER, 0.2)
                .duplicates(Direction.TO_SERVER, 0.2)
                .reorder(Direction.TO_SERVER, 0.2)
                .hold(Direction.TO_SERVER, 1, FOREVER)
                .rule(each -> each.ordinal() > 200 ? Verdict.PASS : Verdict.UNDECIDED)
                .record(1_000);
        try (UdpFaultRelay seededRelay = seeded.start(); Endpoint other = new Endpoint(0)) {
            for (int i = 1; i <= 202; i++) {
                client.send(seededRelay.address(), bytes(Integer.toString(i)));
                if (company) {
                    other.send(seededRelay.address(), bytes("of the other"));
                }
            }
            List<String> decisions = new ArrayList<>();
            String payload = "";
            while (!payload.equals("202")) {
                RelayedDatagram next = Waits.next(seededRelay.recording(), "datagram 202");
                payload = new String(next.bytes(), US_ASCII);
                if (next.client().equals(client.address())) {
                    decisions.add(next.verdict() + " " + payload);
                }
            }
            return decisions;
        }
    }

    @Test
    void a_decision_by_rule_shifts_no_later_decision_by_rate() throws Exception {
        relay = builder().seed(7).loss(Direction.TO_SERVER, 0.5).record(100).start();
        List<Verdict> byRate = verdictsOfForty();
        relay.close();
        relay = builder().seed(7).loss(Direction.TO_SERVER, 0.5).record(100)
                .rule(datagram -> datagram.ordinal() <= 20 ? Verdict.PASS : Verdict.UNDECIDED).start();

        List<Verdict> byRuleThenRate = verdictsOfForty();

        assertThat(byRate.subList(0, 20)).contains(Verdict.DROP);
        assertThat(byRuleThenRate.subList(0, 20)).containsOnly(Verdict.PASS);
        assertThat(byRuleThenRate.subList(20, 40)).isEqualTo(byRate.subList(20, 40)).contains(Verdict.DROP);
    }

    private List<Verdict> verdictsOfForty() throws Exception {
        List<Verdict> verdicts = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            clientSends("x");
            verdicts.add(nextRecorded().verdict());
        }
        return verdicts;
    }

    @Test
    void the_first_rule_that_decides_counts() throws Exception {
        relay = builder()
                .rule(datagram -> datagram.ordinal() == 1 ? Verdict.PASS : Verdict.UNDECIDED)
                .rule(datagram -> datagram.ordinal() <= 2 ? Verdict.DUPLICATE : Verdict.UNDECIDED)
                .loss(Direction.TO_SERVER, 1)
                .record(10)
                .start();

        clientSends("1", "2", "3");

        assertRecorded(Direction.TO_SERVER, Verdict.PASS, "1");
        assertRecorded(Direction.TO_SERVER, Verdict.DUPLICATE, "2");
        assertRecorded(Direction.TO_SERVER, Verdict.DUPLICATE, "2");
        assertRecorded(Direction.TO_SERVER, Verdict.DROP, "3");
    }

    @Test
    void a_rule_sees_direction_client_number_length_and_a_content_that_it_cannot_change() throws Exception {
        BlockingQueue<Datagram> seen = new LinkedBlockingQueue<>();
        relay = builder().rule(datagram -> {
            seen.add(datagram);
            // Read to the end: the next view starts afresh.
            text(datagram.content());
            return Verdict.UNDECIDED;
        }).start();
        meet();
        serverAnswers("one", "three");
        assertClientReceives("one", "three");
        try (Endpoint second = new Endpoint(0)) {
            second.send(relay.address(), bytes("other"));
            assertServerReceives("other");
        }

        assertThat(seen).extracting(Datagram::direction).containsExactly(
                Direction.TO_SERVER, Direction.TO_CLIENT, Direction.TO_CLIENT, Direction.TO_SERVER);
        assertThat(seen).extracting(Datagram::ordinal).containsExactly(1L, 1L, 2L, 1L);
        assertThat(seen).extracting(Datagram::client).containsExactly(
                client.address(), client.address(), client.address(), relay.clients().get(1));
        assertThat(seen).extracting(Datagram::length).containsExactly(5, 3, 5, 5);
        assertThat(seen).extracting(datagram -> text(datagram.content()))
                .containsExactly("hello", "one", "three", "other");
        Datagram any = Waits.next(seen, "a datagram");
        assertThatThrownBy(() -> any.content().put(0, (byte) 0)).isInstanceOf(ReadOnlyBufferException.class);
    }

    @Test
    @ExpectedLog("IllegalStateException: a rule fails")
    void a_rule_that_throws_drops_the_datagram_and_no_later_one() throws Exception {
        relay = builder().record(10).rule(datagram -> {
            if (datagram.ordinal() == 1) {
                throw new IllegalStateException("a rule fails");
            }
            return Verdict.UNDECIDED;
        }).start();

        clientSends("1", "2");

        assertRecorded(Direction.TO_SERVER, Verdict.DROP, "1");
        assertServerReceives("2");
    }

    @Test
    void drop_next_loses_exactly_the_next_ones_and_a_later_call_replaces_the_rest() throws Exception {
        relay = builder().record(10).start();
        meet();

        relay.dropNext(Direction.TO_SERVER, 2);
        clientSends("1", "2", "3");
        assertServerReceives("3");

        relay.dropNext(Direction.TO_SERVER, 5);
        clientSends("4");
        for (String text : new String[] {"hello", "1", "2", "3", "4"}) {
            assertThat(nextRecorded().bytes()).asString(US_ASCII).isEqualTo(text);
        }
        relay.dropNext(Direction.TO_SERVER, 1);
        clientSends("5", "6");
        assertServerReceives("6");
        serverAnswers("not concerned");
        assertClientReceives("not concerned");
    }

    @ParameterizedTest
    @EnumSource(Direction.class)
    void a_blocked_direction_loses_everything_until_it_is_unblocked(Direction direction) throws Exception {
        relay = builder().record(10).start();
        meet();
        nextRecorded();
        relay.dropNext(direction, 1);

        relay.block(direction);
        sendIn(direction, "1", "2");
        assertRecorded(direction, Verdict.DROP, "1");
        assertRecorded(direction, Verdict.DROP, "2");
        Direction other = direction == Direction.TO_SERVER ? Direction.TO_CLIENT : Direction.TO_SERVER;
        sendIn(other, "passes");
        assertRecorded(other, Verdict.PASS, "passes");

        relay.unblock(direction);
        sendIn(direction, "3", "4");
        assertRecorded(direction, Verdict.DROP, "3");
        assertRecorded(direction, Verdict.PASS, "4");
    }

    private void sendIn(Direction direction, String... texts) throws IOException {
        if (direction == Direction.TO_SERVER) {
            clientSends(texts);
        } else {
            serverAnswers(texts);
        }
    }

    @Test
    void what_was_delayed_before_a_block_still_passes() throws Exception {
        BlockingQueue<Datagram> arrived = new LinkedBlockingQueue<>();
        relay = builder().delay(Direction.TO_SERVER, DELAY).rule(datagram -> {
            arrived.add(datagram);
            return Verdict.UNDECIDED;
        }).start();

        clientSends("on its way");
        Waits.next(arrived, "the datagram");
        relay.block(Direction.TO_SERVER);

        assertServerReceives("on its way");
    }

    @Test
    void drop_by_predicate_loses_what_matches_in_its_direction_until_the_rule_is_removed() throws Exception {
        relay = builder().drop(Direction.TO_SERVER, datagram -> datagram.length() > 5).start();
        meet();
        clientSends("too long", "short");
        assertServerReceives("short");

        DatagramRule rule = relay.drop(Direction.TO_SERVER, datagram -> datagram.content().get(0) == 'b');
        clientSends("bad", "good");
        assertServerReceives("good");
        serverAnswers("bad but long");
        assertClientReceives("bad but long");

        relay.removeRule(rule);
        clientSends("bad");
        assertServerReceives("bad");
    }

    @Test
    void the_nth_datagram_of_a_direction_is_lost_for_each_client() throws Exception {
        relay = builder().dropNth(Direction.TO_SERVER, 2).start();
        try (Endpoint other = new Endpoint(0)) {
            for (Endpoint each : new Endpoint[] {client, other}) {
                for (String text : new String[] {"1", "2", "3"}) {
                    each.send(relay.address(), bytes(text));
                }
                assertServerReceives("1", "3");
                serverAnswers("a", "b");
            }
            assertClientReceives("a", "b");
        }
    }

    @Test
    void a_rule_for_a_direction_decides_on_what_matches_and_on_nothing_else() throws Exception {
        relay = builder()
                .rule(Direction.TO_SERVER, datagram -> text(datagram.content()).equals("twice"), Verdict.DUPLICATE)
                .rule(Direction.TO_SERVER, datagram -> text(datagram.content()).equals("late"), Verdict.HOLD)
                .hold(Direction.TO_SERVER, 1, FOREVER)
                .start();

        clientSends("late", "once", "twice");
        assertServerReceives("once", "late", "twice", "twice");
        serverAnswers("late", "twice");
        assertClientReceives("late", "twice");

        DatagramRule rule = relay.addRule(Direction.TO_CLIENT, datagram -> datagram.length() > 3, Verdict.DROP);
        serverAnswers("long", "new");
        assertClientReceives("new");
        relay.removeRule(rule);
        serverAnswers("long");
        assertClientReceives("long");
    }

    @Test
    void a_client_that_is_rebound_has_a_new_address_and_nothing_comes_from_the_old_one() throws Exception {
        relay = builder().start();
        meet();
        SocketAddress old = server.lastSender;

        InetSocketAddress rebound = relay.rebind(client.address());

        assertThat(rebound).isNotEqualTo(old);
        server.send(old, bytes("lost"));
        clientSends("from elsewhere");
        assertServerReceives("from elsewhere");
        assertThat(server.lastSender).isEqualTo(rebound);
        serverAnswers("found");
        assertClientReceives("found");
        assertThat(relay.counts(Direction.TO_CLIENT).received().datagrams()).isEqualTo(1);
        assertThat(relay.clients()).containsExactly(client.address());
    }

    @Test
    void what_is_delayed_while_a_client_is_rebound_leaves_from_the_new_address() throws Exception {
        relay = builder().delay(Direction.TO_SERVER, DELAY).record(10).start();
        clientSends("on its way");
        long deadline = System.nanoTime() + Waits.DEADLINE.toNanos();
        while (relay.clients().isEmpty() && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }

        InetSocketAddress rebound = relay.rebind(client.address());

        assertServerReceives("on its way");
        assertThat(server.lastSender).isEqualTo(rebound);
    }

    @Test
    void a_rule_may_change_the_relay() throws Exception {
        relay = builder().record(10).start();
        relay.addRule(datagram -> {
            if (text(datagram.content()).equals("block")) {
                relay.block(Direction.TO_SERVER);
                relay.send(Direction.TO_CLIENT, datagram.client(), buffer("blocked"));
            }
            return Verdict.UNDECIDED;
        });

        clientSends("block", "lost");

        assertRecorded(Direction.TO_SERVER, Verdict.PASS, "block");
        assertRecorded(Direction.TO_SERVER, Verdict.DROP, "lost");
        assertClientReceives("blocked");
    }

    @Test
    void counts_tell_datagrams_and_bytes_of_each_direction() throws Exception {
        relay = builder().start();
        meet();
        relay.dropNext(Direction.TO_CLIENT, 1);
        serverAnswers("lost", "passes");
        assertClientReceives("passes");
        relay.send(Direction.TO_CLIENT, client.address(), buffer("late"));

        assertThat(relay.counts(Direction.TO_SERVER)).isEqualTo(new DatagramCounts(
                new Traffic(1, 5), new Traffic(1, 5), Traffic.NONE, Traffic.NONE, Traffic.NONE));
        DatagramCounts toClient = new DatagramCounts(
                new Traffic(2, 10), new Traffic(1, 6), new Traffic(1, 4), Traffic.NONE, new Traffic(1, 4));
        assertThat(relay.counts(Direction.TO_CLIENT)).isEqualTo(toClient);
        relay.close();
        assertThat(relay.counts(Direction.TO_CLIENT)).isEqualTo(toClient);
    }

    @Test
    void the_recording_keeps_what_was_sent_byte_by_byte_and_no_more_than_its_capacity() throws Exception {
        relay = builder().record(3).start();
        long start = System.nanoTime();

        clientSends("same", "same", "the last");
        assertServerReceives("same", "same", "the last");
        clientSends("beyond the capacity");
        assertServerReceives("beyond the capacity");
        assertThat(relay.counts(Direction.TO_SERVER).forwarded().datagrams()).isEqualTo(4);

        RelayedDatagram first = nextRecorded();
        RelayedDatagram second = nextRecorded();
        assertThat(second.bytes()).isEqualTo(first.bytes());
        assertThat(second.client()).isEqualTo(client.address());
        assertThat(first.nanoTime()).isBetween(start, second.nanoTime());
        assertRecorded(Direction.TO_SERVER, Verdict.PASS, "the last");
        assertThat(relay.recording()).isEmpty();
    }

    @Test
    void without_a_recording_there_is_no_queue() {
        relay = builder().start();

        assertThatThrownBy(() -> relay.recording()).isInstanceOf(IllegalStateException.class)
                .hasMessage("recording: off (expected: Builder.record(capacity))");
    }

    @Test
    void an_injected_datagram_passes_a_block_and_a_delay_in_either_direction() throws Exception {
        relay = builder().delay(Direction.TO_CLIENT, FOREVER).record(10).start();
        meet();
        SocketAddress seen = server.lastSender;
        relay.block(Direction.TO_SERVER);
        ByteBuf late = buffer("late");
        ByteBuf forged = buffer("forged");

        relay.send(Direction.TO_SERVER, client.address(), late);
        relay.send(Direction.TO_CLIENT, client.address(), forged);

        assertServerReceives("late");
        assertThat(server.lastSender).isEqualTo(seen);
        assertClientReceives("forged");
        assertThat(client.lastSender).isEqualTo(relay.address());
        assertThat(late.refCnt()).isZero();
        assertThat(forged.refCnt()).isZero();
        assertThat(relay.counts(Direction.TO_SERVER).injected()).isEqualTo(new Traffic(1, 4));
        assertRecorded(Direction.TO_SERVER, Verdict.PASS, "hello");
        assertThat(relay.recording()).isEmpty();
    }

    @Test
    void what_cannot_be_injected_is_refused_and_released() throws Exception {
        relay = builder().start();
        meet();
        ByteBuf toUnknown = buffer("x");
        ByteBuf tooLong = Unpooled.buffer(65_508).writerIndex(65_508);
        ByteBuf afterClose = buffer("x");
        ByteBuf otherAfterClose = buffer("x");

        assertThatThrownBy(() -> relay.send(Direction.TO_CLIENT, server.address(), toUnknown))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("client: " + server.address() + " (expected: one of [" + client.address() + "])");
        assertThatThrownBy(() -> relay.send(Direction.TO_SERVER, client.address(), tooLong))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("not sent: 65508 bytes to " + server.address());
        assertThatThrownBy(() -> relay.send(Direction.TO_SERVER, client.address(), Unpooled.EMPTY_BUFFER))
                .isInstanceOf(IllegalStateException.class)
                .hasRootCauseMessage("Netty sends no empty datagrams");
        relay.close();
        assertThatThrownBy(() -> relay.send(Direction.TO_SERVER, client.address(), afterClose))
                .isInstanceOf(IllegalStateException.class).hasMessage("the relay is closed");
        assertThatThrownBy(() -> relay.sendFromOtherAddress(otherAfterClose))
                .isInstanceOf(IllegalStateException.class).hasMessage("the relay is closed");

        assertThat(List.of(toUnknown, tooLong, afterClose, otherAfterClose)).allMatch(buffer -> buffer.refCnt() == 0);
    }

    @Test
    void a_datagram_from_another_address_is_seen_as_such_and_gets_its_own_answer() throws Exception {
        relay = builder().loss(Direction.TO_SERVER, 0).record(10).start();
        meet();
        SocketAddress seen = server.lastSender;
        relay.block(Direction.TO_SERVER);
        relay.block(Direction.TO_CLIENT);

        OtherAddress other = relay.sendFromOtherAddress(buffer("who am I"));
        assertServerReceives("who am I");
        assertThat(server.lastSender).isEqualTo(other.address()).isNotEqualTo(seen);
        client.send(other.address(), bytes("not from the server"));
        serverAnswers("nobody");

        assertThat(Waits.next(other.received(), "the answer")).asString(US_ASCII).isEqualTo("nobody");
        assertThat(other.received()).isEmpty();
        assertThat(relay.clients()).containsExactly(client.address());
        assertThat(relay.counts(Direction.TO_SERVER).injected()).isEqualTo(new Traffic(1, 8));
        assertThat(relay.counts(Direction.TO_CLIENT).received()).isEqualTo(Traffic.NONE);
    }

    @Test
    void only_the_server_is_heard_behind_the_relay() throws Exception {
        relay = builder().start();
        meet();

        client.send(server.lastSender, bytes("from elsewhere"));
        serverAnswers("from the server");

        assertClientReceives("from the server");
        assertThat(relay.counts(Direction.TO_CLIENT).received().datagrams()).isEqualTo(1);
    }

    @Test
    void a_server_that_was_away_loses_nothing_sent_after_its_return() throws Exception {
        relay = builder().record(10).start();
        int port = server.address().getPort();
        server.close();
        clientSends("to nobody");
        assertRecorded(Direction.TO_SERVER, Verdict.PASS, "to nobody");

        server = new Endpoint(port);
        clientSends("1", "2");

        assertServerReceives("1", "2");
    }

    @Test
    void an_empty_datagram_is_counted_as_dropped() throws Exception {
        relay = builder().record(10).start();

        clientSends("", "next");

        assertRecorded(Direction.TO_SERVER, Verdict.DROP, "");
        assertServerReceives("next");
        assertThat(relay.counts(Direction.TO_SERVER).dropped()).isEqualTo(new Traffic(1, 0));
    }

    @Test
    void close_forgets_what_is_delayed_or_held_and_frees_the_ports() throws Exception {
        relay = builder()
                .rule(datagram -> datagram.ordinal() == 1 ? Verdict.PASS : Verdict.UNDECIDED)
                .rule(datagram -> datagram.ordinal() == 2 ? Verdict.HOLD : Verdict.UNDECIDED)
                .hold(Direction.TO_SERVER, 100, FOREVER)
                .delay(Direction.TO_CLIENT, FOREVER)
                .record(10)
                .start();
        clientSends("1", "held");
        assertServerReceives("1");
        InetSocketAddress upstream = (InetSocketAddress) server.lastSender;
        serverAnswers("delayed");
        OtherAddress other = relay.sendFromOtherAddress(buffer("other"));
        assertServerReceives("other");
        InetSocketAddress address = relay.address();

        relay.close();
        relay.close();
        relay.block(Direction.TO_SERVER);

        for (InetSocketAddress freed : List.of(address, upstream, other.address())) {
            new DatagramSocket(freed).close();
        }
        assertThat(relay.address()).isEqualTo(address);
        assertThat(relay.recording()).hasSize(1);
    }

    @Test
    void its_name_tells_how_to_repeat_a_run() {
        relay = builder().seed(4711).loss(Direction.TO_CLIENT, 0.125).delay(Direction.TO_SERVER, DELAY).start();

        assertThat(relay).asString()
                .contains(relay.address().toString(), server.address().toString(), "seed=4711", "loss=0.125",
                        "delay=PT0.05S");
        relay.close();
        relay = builder().start();
        assertThat(relay).asString().contains("seed=1,");
    }

    @Test
    void values_out_of_range_are_refused_with_the_value_and_what_was_expected() {
        relay = builder().start();
        Direction direction = Direction.TO_CLIENT;

        assertRefused(() -> UdpFaultRelay.to(InetSocketAddress.createUnresolved("nowhere", 1)),
                "server: nowhere/<unresolved>:1 (expected: a resolved address and a port)");
        assertRefused(() -> builder().loss(direction, 1.01), "loss: 1.01 (expected: 0 to 1)");
        assertRefused(() -> builder().duplicates(direction, -0.1), "duplicates: -0.1 (expected: 0 to 1)");
        assertRefused(() -> builder().reorder(direction, Double.NaN), "reorder: NaN (expected: 0 to 1)");
        assertRefused(() -> builder().delay(direction, Duration.ofMillis(-1)),
                "delay: PT-0.001S (expected: PT0S to PT1H)");
        assertRefused(() -> builder().hold(direction, 0, DELAY), "datagrams: 0 (expected: >= 1)");
        assertRefused(() -> builder().hold(direction, 1, FOREVER.plusNanos(1)),
                "atMost: PT1H0.000000001S (expected: PT0S to PT1H)");
        assertRefused(() -> builder().record(0), "capacity: 0 (expected: >= 1)");
        assertRefused(() -> relay.dropNext(direction, -1), "datagrams: -1 (expected: >= 0)");
        assertThatThrownBy(() -> builder().dropNth(Direction.TO_SERVER, 0))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("ordinal: 0 (expected: >= 1)");
        assertThatThrownBy(() -> relay.block(null)).isInstanceOf(NullPointerException.class).hasMessage("direction");
    }

    private static void assertRefused(Runnable call, String message) {
        assertThatThrownBy(call::run).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }
}
