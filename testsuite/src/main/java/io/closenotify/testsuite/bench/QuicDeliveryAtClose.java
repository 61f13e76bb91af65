package io.closenotify.testsuite.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.UdpFaultRelay;
import io.netty.buffer.Unpooled;
import io.netty.incubator.codec.quic.DefaultQuicStreamFrame;
import io.netty.incubator.codec.quic.QuicChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * How much of what was written before a QUIC close arrives, and the close itself: a client writes a megabyte with FIN
 * on a stream, waits for the write future and closes with a code and a reason; 20 ms of round-trip time, some datagrams
 * lost either way. The server is the stock codec's. Both ends go by an idle timeout of 5 s.
 *
 * <p>{@code java -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.QuicDeliveryAtClose [runs]}
 */
public final class QuicDeliveryAtClose {

    private static final int BYTES = 1_000_000;
    private static final int AT_ONCE = 10;
    private static final long SEED = 20_261_120;
    private static final int EXTRA_COPIES = 3;
    private static final Duration ONE_WAY = Duration.ofMillis(10);
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(5);

    private QuicDeliveryAtClose() {
    }

    /**
     * What became of the runs.
     *
     * @param runs how many there were
     * @param complete in how many every byte and FIN arrived
     * @param told in how many the peer learnt code and reason
     * @param reportedSuccess in how many the future of {@code close()} succeeded
     */
    public record Delivery(int runs, int complete, int told, int reportedSuccess) {
    }

    private record Row(double loss, String closing, Delivery delivery) {

        String of(int count) {
            return count + " of " + delivery.runs;
        }
    }

    /**
     * Prints a table of the stock codec and Closenotify side by side.
     *
     * @param arguments the number of runs, 100 by default
     */
    public static void main(String[] arguments) throws Exception {
        int runs = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100;
        List<Row> rows = new ArrayList<>();
        for (double loss : new double[] {0, 0.05, 0.2}) {
            rows.add(new Row(loss, "stock close(true, 7, \"bye\")", run(null, loss, runs)));
            rows.add(new Row(loss, "closenotify RAPID", run(QuicShutdownPolicy.rapid(), loss, runs)));
            rows.add(new Row(loss, "closenotify COMPLIANT", run(QuicShutdownPolicy.compliant(), loss, runs)));
            rows.add(new Row(loss, "closenotify COMPLIANT, " + EXTRA_COPIES + " extra copies",
                    run(QuicShutdownPolicy.compliant().toBuilder().extraCopies(EXTRA_COPIES).build(), loss, runs)));
        }
        System.out.println(AsciiTable.getTable(rows, List.of(
                new Column().header("loss").with(row -> Math.round(row.loss * 100) + " %"),
                new Column().header("closed by").with(Row::closing),
                new Column().header("all bytes and FIN").with(row -> row.of(row.delivery.complete)),
                new Column().header("code and reason").with(row -> row.of(row.delivery.told)),
                new Column().header("close() succeeded").with(row -> row.of(row.delivery.reportedSuccess)))));
    }

    /**
     * Runs the exchange.
     *
     * @param policy the client's policy, or {@code null} for a stock pipeline
     * @param loss the share of datagrams that are lost, either way
     * @param runs how often, some of them at once
     * @return what became of them
     */
    public static Delivery run(@Nullable QuicShutdownPolicy policy, double loss, int runs) throws Exception {
        BlockingQueue<Boolean> closes = new LinkedBlockingQueue<>();
        try (QuicLoopback loopback = new QuicLoopback(2, IDLE_TIMEOUT, null, peer -> { });
                UdpFaultRelay relay = UdpFaultRelay.to(loopback.address())
                        .seed(SEED)
                        .delay(Direction.TO_SERVER, ONE_WAY)
                        .delay(Direction.TO_CLIENT, ONE_WAY)
                        .loss(Direction.TO_SERVER, loss)
                        .loss(Direction.TO_CLIENT, loss)
                        .start()) {
            int reportedSuccess = 0;
            for (int run = 0; run < runs + AT_ONCE; run++) {
                if (run < runs) {
                    writeAndClose(loopback.connectThrough(relay, policy), closes);
                }
                if (run >= AT_ONCE) {
                    reportedSuccess += QuicLoopback.take(closes) ? 1 : 0;
                }
            }
            List<QuicPeer> peers = loopback.takeAllEnded();
            int complete = (int) peers.stream().filter(peer -> peer.bytes() == BYTES && peer.fin()).count();
            int told = (int) peers.stream().filter(QuicLoopback::isTold).count();
            return new Delivery(runs, complete, told, reportedSuccess);
        }
    }

    private static void writeAndClose(QuicChannel channel, BlockingQueue<Boolean> closes) throws InterruptedException {
        QuicLoopback.openStream(channel)
                .writeAndFlush(new DefaultQuicStreamFrame(Unpooled.wrappedBuffer(new byte[BYTES]), true))
                .addListener(written -> QuicLoopback.close(channel)
                        .addListener(closed -> closes.add(closed.isSuccess())));
    }
}
