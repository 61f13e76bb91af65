package io.closenotify.examples.probe.tls;

import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.Prober;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.handler.ssl.SslContext;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Audits how a peer closes TLS: each question by a connection of its own, those that do not build on one another side
 * by side. Certificates are not the subject: whether one is trusted is told, and the audit made all the same.
 *
 * @param contexts makes client contexts that trust anyone; a new one each time, for their sessions must not mix
 * @param trust has a look at the peer's certificate
 * @param requests what to ask, or {@code null} for what suits {@code startTls}
 * @param startTls what comes before TLS
 * @param patience how long the peer may take for each thing that it should do
 */
public record TlsProber(Contexts contexts, Trust trust, @Nullable Requests requests, StartTls startTls,
        Duration patience) implements Prober {

    private static final int CONNECTIONS_AT_ONCE = 10;

    /** Makes client contexts. */
    @FunctionalInterface
    public interface Contexts {

        /** Makes one. */
        SslContext create() throws SSLException;
    }

    /** Has a look at the peer's certificate. */
    @FunctionalInterface
    public interface Trust {

        /** Tells why the chain is not to be trusted, or {@code null} if it is. */
        @Nullable String doubt(Certificate[] chain, String host);
    }

    private static List<InetAddress> addresses(String host) {
        try {
            return List.of(InetAddress.getAllByName(host));
        } catch (UnknownHostException e) {
            return List.of();
        }
    }

    @Override
    public ProbeReport audit(String host, int port) throws InterruptedException {
        EventLoopGroup loop = new NioEventLoopGroup(1);
        ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS_AT_ONCE);
        try {
            return new TlsAudit(this, new Wire.Target(loop, host, null, port, startTls, patience), addresses(host),
                    threads).run();
        } finally {
            threads.shutdownNow();
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).await();
        }
    }
}
