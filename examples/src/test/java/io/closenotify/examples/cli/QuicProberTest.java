package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.Protocol;
import io.closenotify.examples.probe.Exchange;
import io.closenotify.examples.probe.Exchange.Event;
import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.Verdict;
import io.closenotify.examples.probe.Verdict.Grade;
import io.closenotify.examples.probe.quic.QuicProber;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownPolicy;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.incubator.codec.quic.QuicSslContextBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class QuicProberTest {

    private static final Log LOG = new Log(new PrintWriter(System.err));

    private static QuicProber prober(Duration patience, byte[] request) {
        return new QuicProber((host, keys) -> QuicSslContextBuilder.forClient()
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .keylog(keys)
                .applicationProtocols(QuicContexts.DEFAULT_ALPN)
                .build(), patience, request);
    }

    private static ProbeReport audit(App app, QuicShutdownPolicy policy, QuicProber prober) throws Exception {
        QuicTransport transport = new QuicTransport(
                new QuicContexts(List.of(QuicContexts.DEFAULT_ALPN)), policy, Duration.ofSeconds(30));
        Server server = transport.listener(null).listen(app, report -> { }, LOG, "127.0.0.1", 0);
        try {
            return prober.audit("127.0.0.1", server.port());
        } finally {
            server.stop();
        }
    }

    private static Verdict verdict(ProbeReport report, String id) {
        return report.verdicts().stream().filter(each -> each.id().equals(id)).findFirst().orElseThrow();
    }

    @Test
    void everything_about_our_own_server_that_echoes_is_good() throws Exception {
        ProbeReport report = audit((pipeline, connection) -> pipeline.addLast(new EchoHandler()),
                QuicShutdownPolicy.compliant(), prober(Duration.ofMillis(1500), new byte[10_000]));

        assertThat(report.failure()).isNull();
        assertThat(report.protocol()).isEqualTo(Protocol.QUIC);
        assertThat(report.negotiated()).startsWith("QUIC 1, TLS_").endsWith(", closenotify");
        assertThat(report.safe()).isTrue();
        assertThat(report.verdicts()).extracting(Verdict::id).containsExactly("close_says", "close_repeated",
                "lingers", "after_linger", "answers_our_close", "silent_after_our_close");
        assertThat(report.verdicts()).extracting(Verdict::grade).containsOnly(Grade.GOOD);
        assertThat(verdict(report, "close_says").finding()).startsWith("transport code 0xa");
        assertThat(report.exchanges()).extracting(Exchange::id)
                .containsExactly("peer_closes", "provoked", "our_close");
        assertThat(report.exchanges().get(1).events()).extracting(Event::what)
                .contains("HANDSHAKE_DONE", "CONNECTION_CLOSE", "PING");
    }

    @Test
    void everything_about_our_own_server_that_closes_by_itself_is_good() throws Exception {
        ProbeReport report = audit(new Source(100_000), QuicShutdownPolicy.compliant().toBuilder()
                .close(QuicConnectionClose.application(1L << 40, "all sent")).build(),
                prober(Duration.ofSeconds(5), null));

        assertThat(report.verdicts()).extracting(Verdict::grade).containsOnly(Grade.GOOD);
        assertThat(verdict(report, "close_says").finding())
                .isEqualTo("application code 0x10000000000, \"all sent\", by itself");
        assertThat(verdict(report, "response_delivered").finding()).startsWith("100000 bytes on 1 streams");
        assertThat(report.exchanges()).extracting(Exchange::id).containsExactly("peer_closes", "our_close");
    }

    @Test
    void a_server_that_closes_rapidly_is_told_to_linger() throws Exception {
        ProbeReport report = audit(new Source(1_000), QuicShutdownPolicy.rapid(),
                prober(Duration.ofSeconds(5), null));

        assertThat(verdict(report, "close_repeated").grade()).isEqualTo(Grade.WEAK);
        assertThat(verdict(report, "lingers").grade()).isEqualTo(Grade.WEAK);
        assertThat(report.safe()).isTrue();
    }

    @Test
    void nobody_listening_is_told_at_once() throws Exception {
        int port;
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        ProbeReport report = prober(Duration.ofSeconds(30), null).audit("127.0.0.1", port);

        assertThat(report.failure()).isEqualTo("nobody listens: port unreachable");
        assertThat(report.safe()).isFalse();
        assertThat(report.verdicts()).isEmpty();
    }

    @Test
    void a_silent_server_is_waited_for_no_longer_than_the_patience() throws Exception {
        try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            ProbeReport report = prober(Duration.ofMillis(300), null).audit("127.0.0.1", silent.getLocalPort());

            assertThat(report.failure()).isEqualTo("no connection: no answer within 300 ms");
        }
    }

    @Test
    void a_server_that_floods_with_garbage_is_borne() throws Exception {
        ProbeReport report;
        Thread flood;
        try (DatagramSocket flooding = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            flood = new Thread(() -> flood(flooding, new byte[] {(byte) 0xc0, 0, 0, 0, 1, 8}));
            flood.start();
            report = prober(Duration.ofMillis(500), null).audit("127.0.0.1", flooding.getLocalPort());
        }
        flood.join();

        assertThat(report.failure()).isEqualTo("no connection: the handshake was not complete within 1500 ms");
        assertThat(report.exchanges().get(0).events()).hasSizeLessThanOrEqualTo(1_001);
    }

    /** Answers the first datagram by as many as it can. */
    static void flood(DatagramSocket socket, byte[] garbage) {
        try {
            DatagramPacket packet = new DatagramPacket(new byte[2_000], 2_000);
            socket.receive(packet);
            packet.setData(garbage);
            for (int i = 0; i < 100_000; i++) {
                socket.send(packet);
            }
        } catch (SocketException e) {
            // Enough.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
