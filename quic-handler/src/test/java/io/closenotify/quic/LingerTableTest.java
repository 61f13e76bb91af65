package io.closenotify.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openjdk.jol.info.GraphLayout;

class LingerTableTest {

    private static final long MILLI = 1_000_000;
    private static final int MANY = 100_000;

    /** Counting objects takes its time: a quarter, so that the table is as full as by all. */
    private static final int MEASURED = MANY / 4;

    static {
        // For the comparator's lambda; and no agent is loaded.
        System.setProperty("jol.magicFieldOffset", "true");
        System.setProperty("jol.skipDynamicAttach", "true");
    }

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final List<Future<?>> timers = new ArrayList<>();
    private final List<LingerEntry> copies = new ArrayList<>();
    private long now = 1_000 * MILLI;
    private int emptied;
    private LingerTable table;

    @BeforeEach
    void time_stands_still() {
        channel.freezeTime();
        table = new LingerTable(loop(), () -> now, copies::add, () -> emptied++);
    }

    @AfterEach
    void nothing_is_left() {
        assertThat(openTimers()).isZero();
        channel.finishAndReleaseAll();
    }

    /** The embedded channel's, but taking note of timers. */
    private EventLoop loop() {
        EventLoop embedded = channel.eventLoop();
        return (EventLoop) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {EventLoop.class},
                (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(embedded, arguments);
                        if (method.getName().equals("schedule")) {
                            timers.add((Future<?>) result);
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private long openTimers() {
        timers.removeIf(Future::isDone);
        return timers.size();
    }

    private void advance(long nanos) {
        now += nanos;
        channel.advanceTimeBy(nanos, TimeUnit.NANOSECONDS);
        channel.runScheduledPendingTasks();
    }

    private LingerEntry entry(long lifetime, long... keys) {
        return new LingerEntry(LingerEntryTest.address(1), new byte[44], keys, true, now + lifetime, null, 0);
    }

    @Test
    void what_is_left_of_refused_connections_keeps_nobody_waiting() {
        LingerEntry refused = entry(50 * MILLI, 1);
        refused.ofRefused();
        table.add(refused);
        assertThat(table.isIdle()).isTrue();
        table.add(entry(10 * MILLI, 2));
        assertThat(table.isIdle()).isFalse();
        advance(10 * MILLI);
        assertThat(emptied).isOne();
        assertThat(table.isIdle()).isTrue();
        assertThat(table.size()).isOne();
        advance(40 * MILLI);
        assertThat(table.isEmpty()).isTrue();
        assertThat(emptied).isOne();
    }

    @Test
    void an_entry_is_found_by_each_of_its_ids_until_its_time_is_over() {
        LingerEntry entry = entry(100 * MILLI, 11, 12, 13);
        table.add(entry);
        assertThat(table.get(11)).isSameAs(entry);
        assertThat(table.get(13)).isSameAs(entry);
        assertThat(table.get(14)).isNull();
        advance(100 * MILLI - 1);
        assertThat(table.get(12)).isSameAs(entry);
        assertThat(emptied).isZero();
        advance(1);
        assertThat(table.get(12)).isNull();
        assertThat(table.isEmpty()).isTrue();
        assertThat(emptied).isEqualTo(1);
    }

    @Test
    void one_timer_serves_all_entries_whatever_the_order_of_their_ends() {
        SplittableRandom random = new SplittableRandom(5);
        for (int count = 0; count < 1_000; count++) {
            table.add(entry(MILLI + random.nextLong(100 * MILLI), count));
            assertThat(openTimers()).isEqualTo(1);
        }
        int before = table.size();
        while (!table.isEmpty()) {
            advance(MILLI);
            assertThat(openTimers()).isEqualTo(table.isEmpty() ? 0 : 1);
            assertThat(table.size()).isLessThanOrEqualTo(before);
            before = table.size();
        }
        assertThat(emptied).isEqualTo(1);
    }

    @Test
    void entries_end_in_the_order_of_their_times() {
        table.add(entry(30 * MILLI, 3));
        table.add(entry(10 * MILLI, 1));
        table.add(entry(20 * MILLI, 2));
        advance(10 * MILLI);
        assertThat(table.get(1)).isNull();
        assertThat(table.get(2)).isNotNull();
        advance(10 * MILLI);
        assertThat(table.get(2)).isNull();
        assertThat(table.get(3)).isNotNull();
        advance(10 * MILLI);
        assertThat(table.isEmpty()).isTrue();
    }

    @Test
    void copies_are_sent_at_their_times_and_the_entry_is_still_forgotten_at_its_own() {
        LingerEntry entry = entry(100 * MILLI, 1);
        entry.scheduleCopies(3, 25 * MILLI, now);
        table.add(entry);
        for (int copy = 1; copy <= 3; copy++) {
            advance(25 * MILLI - 1);
            assertThat(copies).hasSize(copy - 1);
            advance(1);
            assertThat(copies).hasSize(copy).containsOnly(entry);
        }
        advance(25 * MILLI - 1);
        assertThat(table.get(1)).isSameAs(entry);
        advance(1);
        assertThat(table.get(1)).isNull();
        assertThat(copies).hasSize(3);
    }

    @Test
    void a_stall_of_the_event_loop_costs_copies_but_sends_none_too_late() {
        LingerEntry entry = entry(100 * MILLI, 1);
        entry.scheduleCopies(3, 25 * MILLI, now);
        table.add(entry);
        advance(500 * MILLI);
        assertThat(copies).isEmpty();
        assertThat(table.isEmpty()).isTrue();
    }

    @Test
    void an_entry_that_took_over_an_id_keeps_it_when_the_former_one_is_forgotten() {
        table.add(entry(10 * MILLI, 1, 2));
        LingerEntry later = entry(20 * MILLI, 2, 3);
        table.add(later);
        advance(10 * MILLI);
        assertThat(table.get(1)).isNull();
        assertThat(table.get(2)).isSameAs(later);
        advance(10 * MILLI);
        assertThat(table.get(2)).isNull();
    }

    @Test
    void a_cleared_table_has_no_entry_and_no_timer_and_can_be_filled_again() {
        table.add(entry(10 * MILLI, 1));
        table.clear();
        assertThat(table.isEmpty()).isTrue();
        assertThat(table.get(1)).isNull();
        assertThat(openTimers()).isZero();
        table.add(entry(10 * MILLI, 2));
        advance(10 * MILLI);
        assertThat(table.isEmpty()).isTrue();
    }

    @Test
    void an_entry_may_be_added_while_another_is_forgotten() {
        LingerTable[] own = new LingerTable[1];
        own[0] = new LingerTable(loop(), () -> now, unused -> { }, () -> {
            emptied++;
            if (emptied == 1) {
                own[0].add(entry(10 * MILLI, 2));
            }
        });
        own[0].add(entry(10 * MILLI, 1));
        advance(10 * MILLI);
        assertThat(own[0].get(2)).isNotNull();
        advance(10 * MILLI);
        assertThat(own[0].isEmpty()).isTrue();
        assertThat(emptied).isEqualTo(2);
    }

    @Test
    void a_hundred_thousand_entries_come_and_go_and_leave_nothing()
            throws UnknownHostException, ReflectiveOperationException {
        SplittableRandom random = new SplittableRandom(9);
        for (int count = 0; count < MANY; count++) {
            if (count == MEASURED) {
                printAndCheckSize();
            }
            InetSocketAddress peer = new InetSocketAddress(InetAddress.getByAddress(
                    new byte[] {10, (byte) (count >> 16), (byte) (count >> 8), (byte) count}), 1024 + count % 60_000);
            table.add(new LingerEntry(peer, new byte[44],
                    new long[] {random.nextLong(), random.nextLong(), random.nextLong()}, true,
                    now + MILLI * (1 + count % 1_000), null, 0));
        }
        assertThat(table.size()).isEqualTo(MANY);
        assertThat(openTimers()).isEqualTo(1);

        advance(500 * MILLI);
        assertThat(table.size()).isEqualTo(MANY / 2);
        advance(500 * MILLI);
        assertThat(table.isEmpty()).isTrue();
        assertThat(emptied).isEqualTo(1);
    }

    /** With the peer's address and the entry's share of the table, but without the event loop. */
    private void printAndCheckSize() throws ReflectiveOperationException {
        Field byKey = LingerTable.class.getDeclaredField("byKey");
        Field byTime = LingerTable.class.getDeclaredField("byTime");
        byKey.setAccessible(true);
        byTime.setAccessible(true);
        long all = GraphLayout.parseInstance(byKey.get(table), byTime.get(table)).totalSize();
        long datagram = GraphLayout.parseInstance((Object) new byte[44]).totalSize();
        long each = all / table.size() - datagram;
        System.out.printf("LingerTable: %d bytes an entry with 3 connection ids, and %d for its datagram%n",
                each, datagram);
        assertThat(each).isBetween(100L, 300L);
    }
}
