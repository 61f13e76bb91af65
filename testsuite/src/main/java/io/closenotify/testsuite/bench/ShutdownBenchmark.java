package io.closenotify.testsuite.bench;

import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownMode;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What one shutdown costs the side that starts it, against what stock Netty has nearest to it (see {@link Ending}).
 *
 * <p>A connection ends only once, and its handshake costs a hundred times more than its end. So each measurement is a
 * single shot at a whole batch of connections that were established before it: JMH stops its clock during
 * {@link Level#Invocation} methods, and a batch is long enough (some 100 µs) for the two clock readings around it not
 * to matter, which they would around a single shutdown. JMH's {@code gc} profiler does count what those methods
 * allocate; its {@code gc.alloc.rate.norm} is meaningless here, and {@link MeasuredAllocation} stands in for it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 30)
@Measurement(iterations = 25)
@Fork(value = 1, jvmArgsAppend = {
    "-Xms512m", "-Xmx512m", "-XX:+UseParallelGC", "-Dio.netty.leakDetection.level=disabled",
    EventLoopThreads.EXECUTOR, EventLoopThreads.EXECUTOR_CLASS})
public class ShutdownBenchmark {

    private static final int BATCH = 32;

    @Param({"JDK", "OPENSSL"})
    public SslProvider engine = SslProvider.JDK;

    @Param({"BIDIRECTIONAL", "FAST", "QUIET"})
    public ShutdownMode mode = ShutdownMode.BIDIRECTIONAL;

    @Param({"TLSv1.3", "TLSv1.2"})
    public String protocol = "";

    @Param({Benchmarks.STOCK, Benchmarks.CLOSENOTIFY})
    public String variant = Benchmarks.STOCK;

    private final List<Ending> endings = new ArrayList<>(BATCH);
    private final MeasuredAllocation.Meter meter = new MeasuredAllocation.Meter();
    private @Nullable BenchmarkTls tls;

    /** The peer's engine is always the JDK's: it keeps to the contract of SSLEngine, so its word can be trusted. */
    @Setup(Level.Trial)
    public void openContexts() throws CertificateException, SSLException {
        tls = BenchmarkTls.create(engine, SslProvider.JDK, protocol);
    }

    /** Establishes the connections of one batch. */
    @Setup(Level.Invocation)
    public void connect() {
        for (int i = 0; i < BATCH; i++) {
            endings.add(new Ending(requireNonNull(tls), mode, variant.equals(Benchmarks.CLOSENOTIFY)));
        }
        meter.start();
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void shutdown() {
        for (int i = 0; i < BATCH; i++) {
            endings.get(i).run();
        }
    }

    /** Proves that each of them ended as it should have. */
    @TearDown(Level.Invocation)
    public void verify() {
        meter.stop(BATCH);
        endings.forEach(Ending::verify);
        endings.clear();
    }

    @TearDown(Level.Trial)
    public void closeContexts() {
        requireNonNull(tls).close();
        tls = null;
    }
}
