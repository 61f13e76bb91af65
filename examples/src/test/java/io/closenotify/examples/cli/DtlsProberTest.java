package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.Protocol;
import io.closenotify.ShutdownPolicy;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.examples.probe.Exchange;
import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.Verdict;
import io.closenotify.examples.probe.Verdict.Grade;
import io.closenotify.examples.probe.dtls.DtlsProber;
import java.io.PrintWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Timeout(60)
final class DtlsProberTest {

    private static final Log LOG = new Log(new PrintWriter(System.err));

    private static DtlsProber prober(Duration patience) throws Exception {
        SSLContext context = DtlsContexts.client(Trust.ANYONE);
        return new DtlsProber(() -> DtlsHandler.builder(context), patience, new byte[10]);
    }

    private static ProbeReport audit(App app, ShutdownPolicy policy, Duration patience) throws Exception {
        Server server = new DtlsTransport(policy, Duration.ofSeconds(30)).listener(null)
                .listen(app, report -> { }, LOG, "127.0.0.1", 0);
        try {
            return prober(patience).audit("127.0.0.1", server.port());
        } finally {
            server.stop();
        }
    }

    private static Grade grade(ProbeReport report, String id) {
        return report.verdicts().stream().filter(each -> each.id().equals(id)).findFirst().orElseThrow().grade();
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void everything_about_our_own_server_that_echoes_is_good() throws Exception {
        ProbeReport report = audit((pipeline, connection) -> pipeline.addLast(new EchoHandler()),
                ShutdownPolicy.bidirectional(), Duration.ofMillis(900));

        assertThat(report.failure()).isNull();
        assertThat(report.protocol()).isEqualTo(Protocol.DTLS);
        assertThat(report.negotiated()).startsWith("DTLSv1.2, TLS_");
        assertThat(report.verdicts()).extracting(Verdict::id).containsExactly("answers_close_notify", "new_handshake",
                "resumes_after_full", "resumes_after_fast", "resumes_after_quiet", "answers_again");
        assertThat(report.verdicts()).extracting(Verdict::grade).containsOnly(Grade.GOOD);
        assertThat(report.exchanges()).extracting(Exchange::id).containsExactly(
                "first", "again", "to_be_fast", "after_fast", "after_quiet", "answer_lost");
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void everything_about_our_own_server_that_closes_by_itself_is_good() throws Exception {
        ProbeReport report = audit(new Source(10_000), ShutdownPolicy.bidirectional(), Duration.ofSeconds(2));

        assertThat(report.verdicts()).extracting(Verdict::grade).containsOnly(Grade.GOOD);
        assertThat(report.verdicts()).extracting(Verdict::id)
                .startsWith("sends_close_notify", "repeats_close_notify", "silent_after_close_notify",
                        "answers_close_notify");
        assertThat(report.exchanges()).extracting(Exchange::id).startsWith("first", "full", "again");
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_server_that_closes_fast_is_told_to_repeat() throws Exception {
        ProbeReport report = audit(new Source(1_000),
                ShutdownPolicy.fast().toBuilder().linger(Duration.ZERO).build(), Duration.ofSeconds(1));

        assertThat(grade(report, "sends_close_notify")).isEqualTo(Grade.GOOD);
        assertThat(grade(report, "repeats_close_notify")).isEqualTo(Grade.WEAK);
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void nobody_listening_is_told_at_once() throws Exception {
        int port;
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        ProbeReport report = prober(Duration.ofSeconds(30)).audit("127.0.0.1", port);

        assertThat(report.failure()).isEqualTo("nobody listens: port unreachable");
        assertThat(report.safe()).isFalse();
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_silent_server_is_waited_for_no_longer_than_the_patience() throws Exception {
        try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            ProbeReport report = prober(Duration.ofMillis(300)).audit("127.0.0.1", silent.getLocalPort());

            assertThat(report.failure()).startsWith("no connection: ");
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void a_server_that_floods_with_garbage_is_borne() throws Exception {
        ProbeReport report;
        Thread flood;
        try (DatagramSocket flooding = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            flood = new Thread(() -> QuicProberTest.flood(flooding,
                    new byte[] {23, (byte) 0xfe, (byte) 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 9}));
            flood.start();
            report = prober(Duration.ofMillis(500)).audit("127.0.0.1", flooding.getLocalPort());
        }
        flood.join();

        assertThat(report.failure()).startsWith("no connection: ");
        assertThat(report.exchanges().get(0).events()).hasSizeLessThanOrEqualTo(1_001);
    }
}
