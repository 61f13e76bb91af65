package io.closenotify.examples.probe.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.examples.probe.ProbeReport;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which of several addresses is audited. */
@Timeout(30)
final class TlsAuditTest {

    private static ProbeReport audit(int port, String... addresses) throws Exception {
        Duration patience = Duration.ofMillis(100);
        TlsProber prober = new TlsProber(() -> SslContextBuilder.forClient().build(), (chain, host) -> null, null,
                StartTls.SMTP, patience);
        EventLoopGroup loop = new NioEventLoopGroup(1);
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try {
            List<InetAddress> known = new ArrayList<>();
            for (String address : addresses) {
                known.add(InetAddress.getByName(address));
            }
            return new TlsAudit(prober, new Wire.Target(loop, "peer.invalid", null, port, StartTls.SMTP, patience),
                    known, threads).run();
        } finally {
            threads.shutdownNow();
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).await();
        }
    }

    @Test
    void a_name_stands_for_the_first_of_its_addresses_that_can_be_reached() throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"))) {
            assertThat(audit(listener.getLocalPort(), "127.0.0.2", "127.0.0.1").failure())
                    .startsWith("StartTLS: no greeting within");
            assertThat(audit(listener.getLocalPort(), "127.0.0.2").failure()).startsWith("cannot connect");
        }
    }

    @Test
    void a_name_without_an_address_is_unknown() throws Exception {
        assertThat(audit(1).failure()).isEqualTo("unknown host: peer.invalid");
    }
}
