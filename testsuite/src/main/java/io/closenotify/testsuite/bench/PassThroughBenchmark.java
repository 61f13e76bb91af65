package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;
import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.netty.buffer.ByteBuf;
import io.netty.handler.ssl.SslProtocols;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.CertificateException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
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
 * What the handler costs while nobody shuts down: a message there and back through an established TLS 1.3 connection,
 * one write and one read at either end. Both ends have the same pipeline, so a cost shows twice and undiluted.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = {
    "-Xms512m", "-Xmx512m", "-XX:+UseParallelGC", "-Dio.netty.leakDetection.level=disabled",
    EventLoopThreads.EXECUTOR, EventLoopThreads.EXECUTOR_CLASS})
public class PassThroughBenchmark {

    @Param({"JDK", "OPENSSL"})
    public SslProvider engine = SslProvider.JDK;

    @Param({"64", "1024", "16384"})
    public int size;

    @Param({Benchmarks.STOCK, Benchmarks.CLOSENOTIFY})
    public String variant = Benchmarks.STOCK;

    private @Nullable Connection connection;
    private long roundTrips;

    private record Connection(BenchmarkTls tls, TlsEnd client, TlsEnd server, ByteBuf message) {
    }

    /** Connects; the handshake is over when the measurement begins. */
    @Setup(Level.Trial)
    public void connect() throws CertificateException, SSLException {
        BenchmarkTls tls = BenchmarkTls.create(engine, engine, SslProtocols.TLS_v1_3);
        ShutdownPolicy policy = ours() ? TlsEnd.withoutLinger(ShutdownMode.BIDIRECTIONAL) : null;
        TlsEnd client = new TlsEnd(tls, tls.newClientHandler(), policy);
        TlsEnd server = new TlsEnd(tls, tls.newServerHandler(), policy);
        client.handshake(server);
        ByteBuf message = tls.allocator().directBuffer(size, size).writeZero(size);
        roundTrips = 0;
        connection = new Connection(tls, client, server, message);
    }

    @Benchmark
    public long roundTrip() {
        Connection pair = requireNonNull(connection);
        pair.client.channel().writeAndFlush(pair.message.retainedDuplicate());
        pair.client.carryTo(pair.server);
        pair.server.channel().writeAndFlush(pair.message.retainedDuplicate());
        pair.server.carryTo(pair.client);
        return ++roundTrips;
    }

    /** Every byte must have arrived, and the connection must end as the variant ends it. */
    @TearDown(Level.Trial)
    public void disconnect() {
        Connection pair = requireNonNull(connection);
        long sent = roundTrips * size;
        check(sent > 0 && pair.client.tail().bytes() == sent, "bytes echoed to the client", pair.client.tail().bytes());
        check(pair.server.tail().bytes() == sent, "bytes read by the server", pair.server.tail().bytes());

        pair.client.turn(() -> pair.client.channel().pipeline().close());
        pair.client.exchange(pair.server);
        check(pair.server.tail().closeNotifySeen(), "the server saw close_notify", false);
        check((pair.client.tail().outcome() != null) == ours(), "the outcome", pair.client.tail().outcome());

        pair.message.release();
        pair.client.tearDown();
        pair.server.tearDown();
        pair.tls.close();
        connection = null;
    }

    private boolean ours() {
        return variant.equals(Benchmarks.CLOSENOTIFY);
    }
}
