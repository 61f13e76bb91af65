package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;
import static java.util.Objects.requireNonNull;

import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.UdpFaultRelay;
import io.closenotify.testsuite.report.Figures;
import io.closenotify.testsuite.report.Goal;
import io.closenotify.testsuite.report.Plot;
import io.closenotify.testsuite.report.Section;
import io.closenotify.testsuite.report.Summary;
import io.netty.buffer.Unpooled;
import io.netty.incubator.codec.quic.DefaultQuicStreamFrame;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * How long a QUIC shutdown takes after the last write, until its outcome is known, against how long the data itself
 * takes to the peer: the flush cannot end earlier than one way after that, when the acknowledgement is back. The client
 * writes with FIN and shuts down at once; a new connection each time, so large writes go through slow start.
 *
 * <p>The goal, without loss: the outcome within 1.2 round-trip times and max_ack_delay (25 ms) of the last byte's
 * leaving, which is taken to be one way before its arrival. The relay's timer ticks in milliseconds, so that the
 * shortest round-trip time is nearer to 4 ms than to its nominal 2 ms.
 */
final class QuicFlushTime {

    private static final List<Integer> ROUND_TRIPS_MILLIS = List.of(2, 20, 50, 100);
    private static final List<Integer> SIZES = List.of(10_000, 1_000_000);
    private static final List<Double> LOSSES = List.of(0.0, 0.05);
    private static final int RUNS = 5;
    private static final double NANOS_A_MILLI = 1e6;
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
    record Scenario(Duration roundTrip, double loss, int bytes) {

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
    record Sample(long lastByteNanos, long outcomeNanos, long sinceLeftNanos, boolean success) {
    }

    static Section measure(Effort effort) throws Exception {
        Figures figures = new Figures();
        List<Plot.Line> lines = new ArrayList<>();
        run(new Scenario(Duration.ofMillis(2), 0, effort.of(SIZES.get(0), 1)), 1);
        for (double loss : LOSSES) {
            for (int bytes : SIZES) {
                List<Plot.Point> points = new ArrayList<>();
                for (int roundTrip : effort.of(ROUND_TRIPS_MILLIS, List.of(2, 20))) {
                    Scenario scenario = new Scenario(Duration.ofMillis(roundTrip), loss, bytes);
                    List<Sample> samples = run(scenario, effort.of(RUNS, 1));
                    check(samples.stream().allMatch(Sample::success), "a success of each", samples);
                    add(figures, scenario, samples);
                    points.add(new Plot.Point(roundTrip,
                            Summary.of(samples.stream().mapToDouble(sample -> sample.outcomeNanos / NANOS_A_MILLI))));
                }
                lines.add(new Plot.Line(volume(bytes) + ", loss " + percent(loss), points));
            }
        }
        return new Section("""
                The client writes on a stream, with FIN, and shuts down at once, through a relay that delays and \
                loses datagrams either way; a new connection each time, so that a megabyte goes through slow start. \
                *Outcome* is the time from the last byte's leaving (half a round trip before its arrival) until the \
                acknowledgement of all is back, the close is on the wire and the outcome known; the goal is 1.2 \
                round trips and max_ack_delay (25 ms), where nothing is lost. The stock codec has nothing to \
                compare: it closes without waiting, and what is on the way is lost (see *Delivery*). The plot is of \
                the time from the write to the outcome.""",
                Section.STOCK, figures.measurements(), List.of(new Plot("QUIC flush time", "round-trip time, ms",
                        "write to outcome, ms", Plot.Scale.LOGARITHMIC, lines)));
    }

    private static void add(Figures figures, Scenario scenario, List<Sample> samples) {
        String name = volume(scenario.bytes) + ", " + scenario.roundTrip.toMillis() + " ms, loss "
                + percent(scenario.loss) + ": outcome";
        samples.forEach(sample -> figures.ours(name, "ms", sample.sinceLeftNanos / NANOS_A_MILLI));
        if (scenario.loss == 0) {
            figures.goal(name, Goal.Kind.AT_MOST, scenario.goalNanos() / NANOS_A_MILLI);
        }
    }

    private static String volume(int bytes) {
        return bytes / 1_000 + " kB";
    }

    private static String percent(double share) {
        return Math.round(share * 100) + " %";
    }

    /**
     * Runs a scenario, one connection after the other.
     *
     * @param scenario what is measured
     * @param runs how often
     * @return a sample of each run; all bytes arrived in each
     */
    static List<Sample> run(Scenario scenario, int runs) throws Exception {
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
