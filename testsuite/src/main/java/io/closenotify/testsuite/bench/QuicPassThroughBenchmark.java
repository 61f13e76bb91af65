package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;
import static java.util.Objects.requireNonNull;

import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownPolicy;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Promise;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the QUIC handlers cost while nobody shuts down: data on an established stream over loopback, a megabyte by
 * default, so that the score is megabytes a second. Both ends have the same pipelines and share one event loop: what is
 * measured is work, not the scheduling of threads. Chunks follow each other when the one before has arrived, so that no
 * socket buffer runs over.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 15, time = 1)
@Fork(value = 1, jvmArgsAppend = {
    "-Xms512m", "-Xmx512m", "-XX:+UseParallelGC", "-Dio.netty.leakDetection.level=disabled"})
public class QuicPassThroughBenchmark {

    private static final int CHUNK = 100_000;
    static final int MEGABYTE = 1_000_000;
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(30);

    @Param("" + MEGABYTE)
    public int size = MEGABYTE;

    @Param({Benchmarks.STOCK, Benchmarks.CLOSENOTIFY})
    public String variant = Benchmarks.STOCK;

    private @Nullable QuicLoopback loopback;
    private @Nullable ByteBuf chunk;
    private @Nullable QuicChannel connection;
    private @Nullable QuicStreamChannel stream;
    private @Nullable Promise<Void> arrived;
    private long sent;
    private int chunksToGo;
    private long messages;

    /** Connects. */
    @Setup(Level.Trial)
    public void connect() throws CertificateException, InterruptedException {
        int length = Math.min(size, CHUNK);
        chunk = Unpooled.directBuffer(length).writeZero(length);
        QuicShutdownPolicy policy = ours() ? QuicShutdownPolicy.compliant() : null;
        loopback = new QuicLoopback(1, IDLE_TIMEOUT, policy, this::received);
        connection = loopback.connect(loopback.bindClient(), 1, policy).clients().get(0);
        check(ours() == (connection.pipeline().get(QuicShutdownHandler.class) != null), "pipeline", connection);
        stream = QuicLoopback.openStream(connection);
    }

    @Benchmark
    public long message() throws InterruptedException {
        QuicStreamChannel sender = requireNonNull(stream);
        Promise<Void> all = sender.eventLoop().newPromise();
        sender.eventLoop().execute(() -> {
            arrived = all;
            chunksToGo = Math.max(1, size / CHUNK);
            send();
        });
        QuicLoopback.await(all);
        return ++messages;
    }

    private void send() {
        sent += requireNonNull(chunk).readableBytes();
        chunksToGo--;
        requireNonNull(stream).writeAndFlush(requireNonNull(chunk).retainedDuplicate());
    }

    /** On the event loop of both ends. */
    private void received(QuicPeer peer) {
        if (peer.bytes() == sent) {
            if (chunksToGo > 0) {
                // Not from within the reading of the server's codec.
                peer.channel().eventLoop().execute(this::send);
            } else {
                requireNonNull(arrived).trySuccess(null);
            }
        }
    }

    /** Every byte must have arrived, and nothing else. */
    @TearDown(Level.Trial)
    public void disconnect() throws InterruptedException {
        QuicLoopback ends = requireNonNull(loopback);
        QuicLoopback.await(QuicLoopback.close(requireNonNull(connection)));
        QuicPeer peer = ends.takeEnded();
        check(peer.bytes() == messages * size, "bytes that arrived", peer.bytes());
        check(QuicLoopback.isTold(peer), "what the peer was told", peer.close());
        ends.close();
        check(requireNonNull(chunk).release(), "what holds the chunk", requireNonNull(chunk).refCnt());
        chunk = null;
        loopback = null;
        connection = null;
        stream = null;
        arrived = null;
        sent = 0;
        messages = 0;
    }

    private boolean ours() {
        return variant.equals(Benchmarks.CLOSENOTIFY);
    }
}
