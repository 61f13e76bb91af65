package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;
import static java.util.Objects.requireNonNull;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.UdpFaultRelay;
import io.netty.buffer.Unpooled;
import io.netty.incubator.codec.quic.DefaultQuicStreamFrame;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.openjdk.jmh.util.ListStatistics;
import org.openjdk.jmh.util.Statistics;

/**
 * How long a QUIC shutdown takes after the last write, until its outcome is known, against how long the data itself
 * takes to the peer: the flush cannot end earlier than one way after that, when the acknowledgement is back. The client
 * writes with FIN and shuts down at once; a new connection each time, so large writes go through slow start.
 *
 * <p>The goal, without loss: the outcome within 1.2 round-trip times and max_ack_delay (25 ms) of the last byte's
 * leaving, which is taken to be one way before its arrival. The relay's timer ticks in milliseconds, so that the
 * shortest round-trip time is nearer to 4 ms than to its nominal 2 ms.
 *
 * <p>{@code java -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.QuicFlushTime [runs]}
 */
public final class QuicFlushTime {

    private static final List<Integer> ROUND_TRIPS_MILLIS = List.of(2, 20, 50, 100);
    private static final List<Integer> SIZES = List.of(1, 10_000, 1_000_000);
    private static final List<Double> LOSSES = List.of(0.0, 0.05);
    private static final long SEED = 20_261_120;
    private static final double GOAL_ROUND_TRIPS = 1.2;
    private static final Duration MAX_ACK_DELAY = Duration.ofMillis(25);
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(10);
    private static final QuicShutdownPolicy PATIENT = QuicLoopback.closing(
            QuicShutdownPolicy.compliant().toBuilder().flushTimeout(Duration.ofSeconds(50)).build());

    private QuicFlushTime() {
    }

    /**
     * What is measured again and again.
     *
     * @param roundTrip twice the delay of either direction
     * @param loss the share of datagrams that are lost, either way
     * @param bytes how much is written
     */
    public record Scenario(Duration roundTrip, double loss, int bytes) {

        long goalNanos() {
            return (long) (GOAL_ROUND_TRIPS * roundTrip.toNanos()) + MAX_ACK_DELAY.toNanos();
        }
    }

    /**
     * One shutdown.
     *
     * @param lastByteNanos from the write until the peer had read everything
     * @param outcomeNanos from the write until the outcome was known
     * @param sinceLeftNanos from the last byte's leaving until the outcome was known
     * @param success whether the outcome was one
     */
    public record Sample(long lastByteNanos, long outcomeNanos, long sinceLeftNanos, boolean success) {
    }

    private record Row(Scenario scenario, List<Sample> samples) {

        Statistics of(ToLongFunction<Sample> time, double unit) {
            return new ListStatistics(
                    samples.stream().mapToDouble(sample -> time.applyAsLong(sample) / unit).toArray());
        }

        String medianAndMost(ToLongFunction<Sample> time, double unit) {
            Statistics times = of(time, unit);
            return String.format(Locale.ROOT, "%.2f / %.2f", times.getPercentile(50), times.getMax());
        }

        String inRoundTrips(ToLongFunction<Sample> time) {
            return medianAndMost(time, (double) scenario.roundTrip.toNanos());
        }

        String succeeded() {
            return samples.stream().filter(Sample::success).count() + " of " + samples.size();
        }

        String goal() {
            long met = samples.stream().filter(sample -> sample.sinceLeftNanos <= scenario.goalNanos()).count();
            return met + " of " + samples.size();
        }
    }

    /**
     * Prints a table, median and maximum of each figure.
     *
     * @param arguments the number of runs of each scenario, 10 by default
     */
    public static void main(String[] arguments) throws Exception {
        int runs = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 10;
        run(new Scenario(Duration.ofMillis(2), 0, SIZES.get(1)), runs);
        List<Row> rows = new ArrayList<>();
        for (double loss : LOSSES) {
            for (int roundTrip : ROUND_TRIPS_MILLIS) {
                for (int bytes : SIZES) {
                    Scenario scenario = new Scenario(Duration.ofMillis(roundTrip), loss, bytes);
                    rows.add(new Row(scenario, run(scenario, runs)));
                }
            }
        }
        System.out.println(AsciiTable.getTable(rows, List.of(
                number("loss", row -> Math.round(row.scenario.loss * 100) + " %"),
                number("RTT", row -> row.scenario.roundTrip.toMillis() + " ms"),
                number("bytes", row -> Integer.toString(row.scenario.bytes)),
                number("peer has all (RTT)", row -> row.inRoundTrips(Sample::lastByteNanos)),
                number("outcome (RTT)", row -> row.inRoundTrips(Sample::outcomeNanos)),
                number("since last byte left (RTT)", row -> row.inRoundTrips(Sample::sinceLeftNanos)),
                number("(ms)", row -> row.medianAndMost(Sample::sinceLeftNanos, 1e6)),
                number("goal (ms)", row -> Long.toString(row.scenario.goalNanos() / 1_000_000)),
                number("met", Row::goal),
                number("success", Row::succeeded))));
    }

    private static ColumnData<Row> number(String header, Function<Row, String> value) {
        return new Column().header(header).dataAlign(HorizontalAlign.RIGHT).with(value);
    }

    /**
     * Runs a scenario, one connection after the other.
     *
     * @param scenario what is measured
     * @param runs how often
     * @return a sample of each run; all bytes arrived in each
     */
    public static List<Sample> run(Scenario scenario, int runs) throws Exception {
        Duration oneWay = scenario.roundTrip.dividedBy(2);
        try (QuicLoopback loopback = new QuicLoopback(2, IDLE_TIMEOUT, null, peer -> { });
                UdpFaultRelay relay = UdpFaultRelay.to(loopback.address())
                        .seed(SEED)
                        .delay(Direction.TO_SERVER, oneWay)
                        .delay(Direction.TO_CLIENT, oneWay)
                        .loss(Direction.TO_SERVER, scenario.loss)
                        .loss(Direction.TO_CLIENT, scenario.loss)
                        .start()) {
            List<Sample> samples = new ArrayList<>(runs);
            for (int run = 0; run < runs; run++) {
                QuicChannel channel = loopback.connectThrough(relay, PATIENT);
                BlockingQueue<Long> times = new LinkedBlockingQueue<>();
                Future<?> shutdown = QuicLoopback.await(writeAndShutDown(channel, scenario.bytes, times));
                long start = QuicLoopback.take(times);
                long outcome = QuicLoopback.take(times);
                QuicPeer peer = loopback.takeEnded();
                check(peer.bytes() == scenario.bytes && peer.fin(), "bytes that arrived", peer.bytes());
                samples.add(new Sample(peer.lastByteAt() - start, outcome - start,
                        outcome - (peer.lastByteAt() - oneWay.toNanos()), shutdown.isSuccess()));
            }
            return samples;
        }
    }

    private static Future<QuicShutdownFuture> writeAndShutDown(
            QuicChannel channel, int bytes, BlockingQueue<Long> times) throws InterruptedException {
        QuicStreamChannel stream = QuicLoopback.openStream(channel);
        QuicShutdownHandler handler = requireNonNull(channel.pipeline().get(QuicShutdownHandler.class));
        return channel.eventLoop().submit(() -> {
            times.add(System.nanoTime());
            stream.writeAndFlush(new DefaultQuicStreamFrame(Unpooled.wrappedBuffer(new byte[bytes]), true));
            QuicShutdownFuture shutdown = handler.shutdown();
            shutdown.addListener(ended -> times.add(System.nanoTime()));
            return shutdown;
        });
    }
}
