package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import io.netty.util.ReferenceCountUtil;
import java.security.cert.CertificateException;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;

/** The contexts and the buffer pool of one trial. Closing it proves that every buffer came back. */
final class BenchmarkTls implements AutoCloseable {

    private final PooledByteBufAllocator allocator = new PooledByteBufAllocator(true);
    private final SslContext client;
    private final SslContext server;

    private BenchmarkTls(SslContext client, SslContext server) {
        this.client = client;
        this.server = server;
    }

    static BenchmarkTls create(SslProvider clientEngine, SslProvider serverEngine, String protocol)
            throws CertificateException, SSLException {
        SelfSignedCertificate certificate = new SelfSignedCertificate("localhost", "EC", 256);
        try {
            return new BenchmarkTls(
                    SslContextBuilder.forClient()
                            .sslProvider(clientEngine)
                            .protocols(protocol)
                            .trustManager(InsecureTrustManagerFactory.INSTANCE)
                            .build(),
                    SslContextBuilder.forServer(certificate.key(), certificate.cert())
                            .sslProvider(serverEngine)
                            .protocols(protocol)
                            .build());
        } finally {
            certificate.delete();
        }
    }

    ByteBufAllocator allocator() {
        return allocator;
    }

    SslHandler newClientHandler() {
        return client.newHandler(allocator);
    }

    SslHandler newServerHandler() {
        return server.newHandler(allocator);
    }

    @Override
    public void close() {
        ReferenceCountUtil.release(client);
        ReferenceCountUtil.release(server);
        // The first call forgets what is in use lately, the second empties the cache.
        allocator.trimCurrentThreadCache();
        allocator.trimCurrentThreadCache();
        long active = Stream.concat(allocator.metric().directArenas().stream(),
                        allocator.metric().heapArenas().stream())
                .mapToLong(PoolArenaMetric::numActiveAllocations)
                .sum();
        check(active == 0, "buffers leaked", active);
    }
}
