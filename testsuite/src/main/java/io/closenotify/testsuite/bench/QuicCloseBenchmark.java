package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;
import static java.util.Objects.requireNonNull;

import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownPolicy;
import io.netty.channel.Channel;
import io.netty.incubator.codec.quic.QuicChannel;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.List;
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
 * What a mass close of idle QUIC connections costs: a client has many to one server, over loopback and one UDP channel,
 * and closes all of them at once with a code and a reason. An operation is all of that: their number divided by the
 * score is closes a second. Both ends have the pipeline of the variant; the bytes allocated are those of the client's
 * event loop.
 *
 * <p>Each measurement is a single shot at a batch that was connected before, as in {@link ShutdownBenchmark}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 4)
@Measurement(iterations = 12)
@Fork(value = 1, jvmArgsAppend = {
    "-Xms512m", "-Xmx512m", "-XX:+UseParallelGC", "-Dio.netty.leakDetection.level=disabled"})
public class QuicCloseBenchmark {

    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(30);

    @Param("500")
    public int connections;

    @Param({"COMPLIANT", "RAPID"})
    public QuicShutdownMode mode = QuicShutdownMode.COMPLIANT;

    @Param({Benchmarks.STOCK, Benchmarks.CLOSENOTIFY})
    public String variant = Benchmarks.STOCK;

    private final MeasuredAllocation.Meter meter = new MeasuredAllocation.Meter();
    private @Nullable QuicLoopback loopback;
    private @Nullable Channel client;
    private List<QuicChannel> open = List.of();
    private int ended;

    /** Starts the server. */
    @Setup(Level.Trial)
    public void start() throws CertificateException {
        loopback = new QuicLoopback(2, IDLE_TIMEOUT, policy(), peer -> { });
        client = loopback.bindClient();
    }

    private @Nullable QuicShutdownPolicy policy() {
        return variant.equals(Benchmarks.CLOSENOTIFY) ? QuicShutdownPolicy.of(mode) : null;
    }

    /** Establishes the connections of one batch. */
    @Setup(Level.Invocation)
    public void connect() throws InterruptedException {
        Channel udp = requireNonNull(client);
        open = requireNonNull(loopback).connect(udp, connections, policy()).clients();
        ended = 0;
        QuicLoopback.awaitSettled(udp);
        QuicLoopback.await(udp.eventLoop().submit(meter::start));
    }

    /** Until the futures of all closes are done. */
    @Benchmark
    public void untilFuturesAreDone() throws InterruptedException {
        closeAll();
    }

    /** Until all peers have got code and reason, too. */
    @Benchmark
    public void untilPeersAreTold() throws InterruptedException {
        closeAll();
        for (int i = 0; i < connections; i++) {
            requireNonNull(loopback).takeTold();
        }
    }

    /** Until both ends of all connections are closed and free. */
    @Benchmark
    public void untilBothEndsAreClosed() throws InterruptedException {
        closeAll();
        for (; ended < connections; ended++) {
            end();
        }
    }

    private void closeAll() throws InterruptedException {
        QuicLoopback.closeAll(requireNonNull(client), open);
    }

    private void end() throws InterruptedException {
        QuicPeer peer = requireNonNull(loopback).takeEnded();
        check(QuicLoopback.isTold(peer), "what the peer was told", peer.close());
    }

    /** Proves that each of them ended as it should have. */
    @TearDown(Level.Invocation)
    public void verify() throws InterruptedException {
        QuicLoopback.await(requireNonNull(client).eventLoop().submit(() -> meter.stop(1)));
        for (; ended < connections; ended++) {
            end();
        }
        open.forEach(connection -> check(!connection.isOpen(), "still open", connection));
        open = List.of();
        requireNonNull(loopback).forgetPeers();
    }

    /** Stops the server. */
    @TearDown(Level.Trial)
    public void stop() {
        requireNonNull(loopback).close();
        loopback = null;
        client = null;
    }
}
