package io.closenotify.testsuite.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import io.closenotify.quic.QuicLingerHandler;
import io.closenotify.quic.QuicShutdownPolicy;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Thousands of connections, opened, written on and shut down, round by round: heap, direct memory and resident set
 * after each round tell whether anything is left of them. The resident set is told on Linux only.
 *
 * <pre>{@code
 * java -Xms512m -Xmx512m -XX:+AlwaysPreTouch -cp testsuite/target/benchmarks.jar \
 *         io.closenotify.testsuite.bench.QuicManyCloses [connections a round [rounds]]
 * }</pre>
 */
public final class QuicManyCloses {

    private static final int BYTES = 1_000;
    private static final long DEADLINE_SECONDS = 60;

    private QuicManyCloses() {
    }

    /**
     * What is there after a round.
     *
     * @param closes connections closed so far
     * @param clean of them, those whose promise succeeded
     * @param memory what the process occupies
     */
    private record Round(int closes, int clean, Memory memory) {
    }

    /**
     * Runs the rounds and prints a table.
     *
     * @param arguments connections a round, 1000 by default, and rounds, 10 by default
     * @throws Exception if a wait is over
     */
    public static void main(String[] arguments) throws Exception {
        int connections = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000;
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 10;
        List<Round> table = new ArrayList<>();
        QuicShutdownPolicy policy = QuicLoopback.closing(QuicShutdownPolicy.compliant());
        try (QuicLoopback loopback = new QuicLoopback(2, Duration.ofSeconds(30), policy, peer -> { })) {
            Channel udp = loopback.bindClient();
            int clean = 0;
            for (int round = 1; round <= rounds; round++) {
                clean += closeAll(loopback, udp, connections, policy);
                loopback.forgetPeers();
                table.add(new Round(round * connections, clean, Memory.now()));
            }
        }
        System.out.println(AsciiTable.getTable(table, List.of(
                new Column().header("closes").with(row -> Integer.toString(row.closes())),
                new Column().header("success").with(row -> Integer.toString(row.clean())),
                new Column().header("heap, kB").with(row -> Long.toString(row.memory().heap() / 1024)),
                new Column().header("resident, kB").with(row -> Long.toString(row.memory().resident() / 1024)))));
    }

    private static int closeAll(QuicLoopback loopback, Channel udp, int connections, QuicShutdownPolicy policy)
            throws InterruptedException {
        QuicLoopback.Connections open = loopback.connect(udp, connections, policy);
        List<Future<Void>> closes = new ArrayList<>();
        for (QuicChannel client : open.clients()) {
            QuicStreamChannel stream = QuicLoopback.openStream(client);
            stream.writeAndFlush(Unpooled.wrappedBuffer(new byte[BYTES]));
            closes.add(client.close());
        }
        int clean = 0;
        for (Future<Void> close : closes) {
            if (close.await(DEADLINE_SECONDS, TimeUnit.SECONDS) && close.isSuccess()) {
                clean++;
            }
        }
        QuicLingerHandler.of(udp).idle().await(DEADLINE_SECONDS, TimeUnit.SECONDS);
        return clean;
    }
}
