package io.closenotify.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.incubator.codec.quic.QuicResetTokenGenerator;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LingerEntryTest {

    private static final long START = 5_000_000_000L;
    private static final long PERIOD = 90_000_000;
    private static final InetSocketAddress PEER = address(1);
    private static final InetSocketAddress STRANGER = address(2);

    static InetSocketAddress address(int last) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last}), 4433);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static LingerEntry entry(int datagramLength, boolean answering) {
        return new LingerEntry(PEER, new byte[datagramLength], new long[] {1, 2, 3}, answering, START + PERIOD, null,
                START + 10 * PERIOD);
    }

    private static List<Integer> answered(LingerEntry entry, int datagrams, int length) {
        List<Integer> answered = new ArrayList<>();
        for (int datagram = 1; datagram <= datagrams; datagram++) {
            if (entry.answers(PEER, length, START)) {
                answered.add(datagram);
            }
        }
        return answered;
    }

    @Test
    void of_100_late_datagrams_seven_are_answered() {
        assertThat(answered(entry(44, true), 100, 40)).containsExactly(1, 2, 4, 8, 16, 32, 64);
    }

    @Test
    void answers_wait_until_three_times_the_bytes_received_suffice() {
        // 3 x 40 = 120 after the first, 1200 after the tenth: the turn of the 16th is the first within the limit.
        assertThat(answered(entry(1200, true), 100, 40)).containsExactly(16, 32, 64);
        assertThat(answered(entry(120, true), 1, 40)).as("exactly three times").containsExactly(1);
        assertThat(answered(entry(121, true), 1, 40)).as("more than three times").isEmpty();
    }

    @Test
    void never_more_than_three_times_the_bytes_received_is_sent_to_anybody() {
        SplittableRandom random = new SplittableRandom(7);
        for (int run = 0; run < 2_000; run++) {
            int length = 30 + random.nextInt(1170);
            LingerEntry entry = entry(length, true);
            Map<InetSocketAddress, Long> sentTo = new HashMap<>();
            long received = 0;
            long sent = 0;
            for (int datagram = 0; datagram < 300; datagram++) {
                InetSocketAddress sender = random.nextInt(3) == 0 ? address(2 + random.nextInt(5)) : PEER;
                int bytes = 1 + random.nextInt(random.nextBoolean() ? 60 : 1200);
                received += bytes;
                if (entry.answers(sender, bytes, START)) {
                    sent += length;
                    sentTo.merge(sender, (long) length, Long::sum);
                    if (!sender.equals(PEER)) {
                        assertThat(length).isLessThanOrEqualTo(3 * bytes);
                    }
                }
                assertThat(sent).isLessThanOrEqualTo(3 * received);
            }
        }
    }

    @Test
    void a_stranger_is_measured_by_the_one_datagram_that_came_from_its_address() {
        LingerEntry entry = entry(44, true);
        for (int datagram = 1; datagram <= 7; datagram++) {
            entry.answers(PEER, 1200, START);
        }
        assertThat(entry.answers(STRANGER, 14, START)).as("the eighth, for a victim").isFalse();
        LingerEntry other = entry(44, true);
        for (int datagram = 1; datagram <= 7; datagram++) {
            other.answers(PEER, 1200, START);
        }
        assertThat(other.answers(STRANGER, 15, START)).as("the eighth, from a peer that moved").isTrue();
    }

    @Test
    void the_closing_period_ends_in_silence() {
        LingerEntry entry = entry(44, true);
        assertThat(entry.answers(PEER, 40, START + PERIOD - 1)).isTrue();
        assertThat(entry.isClosing(START + PERIOD - 1)).isTrue();
        assertThat(entry.isClosing(START + PERIOD)).isFalse();
        assertThat(entry.answers(PEER, 40, START + PERIOD)).isFalse();
        assertThat(entry.isForgotten(START + PERIOD)).as("without stateless resets").isTrue();
    }

    @Test
    void stateless_resets_keep_an_entry_beyond_the_closing_period() {
        LingerEntry entry = new LingerEntry(PEER, new byte[44], new long[] {1}, true, START + PERIOD,
                new NumberedTokens(), START + 3 * PERIOD);
        assertThat(entry.resets()).isNotNull();
        assertThat(entry.isForgotten(START + 3 * PERIOD - 1)).isFalse();
        assertThat(entry.isForgotten(START + 3 * PERIOD)).isTrue();
    }

    @Test
    void what_a_rapid_close_left_answers_nothing_until_it_is_strengthened() {
        LingerEntry entry = new LingerEntry(PEER, new byte[44], new long[] {1}, false, START + PERIOD,
                new NumberedTokens(), START + 3 * PERIOD);
        assertThat(answered(entry, 100, 40)).isEmpty();
        assertThat(entry.resets()).as("one datagram, and none more").isNull();
        entry.answerFromNowOn();
        assertThat(answered(entry, 10, 40)).as("counted from the strengthening").containsExactly(1, 2, 4, 8);
        assertThat(entry.resets()).isNotNull();
    }

    private static List<Long> copies(int copies, long interval, long lateness) {
        LingerEntry entry = entry(44, true);
        entry.scheduleCopies(copies, interval, START);
        List<Long> sent = new ArrayList<>();
        for (int events = 0; events < 10 && entry.nextEvent() < START + PERIOD; events++) {
            long now = entry.nextEvent() + lateness;
            if (entry.copyDue(now)) {
                sent.add(now - START);
            }
        }
        return sent;
    }

    @Test
    void extra_copies_are_sent_in_time_and_number() {
        long interval = PERIOD / (QuicShutdownPolicy.MAX_EXTRA_COPIES + 1);
        assertThat(copies(0, interval, 0)).isEmpty();
        assertThat(copies(1, interval, 0)).containsExactly(interval);
        assertThat(copies(3, interval, 0)).containsExactly(interval, 2 * interval, 3 * interval);
        assertThat(copies(3, interval, 2_000_000)).as("by a late timer").hasSize(3);
    }

    @Test
    void no_copy_is_sent_after_the_closing_period() {
        assertThat(copies(3, PERIOD / 2, 0)).containsExactly(PERIOD / 2);
        assertThat(copies(3, PERIOD / 4, PERIOD)).as("by a timer that is too late").isEmpty();
        assertThat(copies(3, PERIOD, 0)).isEmpty();
    }

    @Test
    void no_copy_is_sent_before_its_time_nor_of_a_silent_entry() {
        LingerEntry silent = entry(44, false);
        silent.scheduleCopies(3, 10, START);
        assertThat(silent.copyDue(START + 10)).isFalse();
        assertThat(silent.nextEvent()).isEqualTo(START + PERIOD);
    }

    /** Makes tokens that tell how many were made before. */
    static final class NumberedTokens implements QuicResetTokenGenerator {

        private byte made;

        @Override
        public ByteBuffer newResetToken(ByteBuffer id) {
            byte[] token = new byte[16];
            Arrays.fill(token, (byte) (0x50 + made++));
            token[0] = (byte) id.remaining();
            return ByteBuffer.wrap(token);
        }
    }
}
