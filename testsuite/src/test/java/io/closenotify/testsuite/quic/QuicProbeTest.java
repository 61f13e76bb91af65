package io.closenotify.testsuite.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.quic.QuicProber;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.peers.NeedsProgram;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.incubator.codec.quic.QuicSslContextBuilder;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What the audit finds with the servers of others. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class QuicProbeTest {

    private static ProbeReport audit(InetSocketAddress server, String protocol) throws Exception {
        return new QuicProber((host, keys) -> QuicSslContextBuilder.forClient()
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .keylog(keys)
                .applicationProtocols(protocol)
                .build(), Duration.ofSeconds(1), new byte[100_000])
                .audit(server.getAddress().getHostAddress(), server.getPort());
    }

    private static void assertFindings(ProbeReport report, String... findings) {
        assertThat(report.failure()).isNull();
        assertThat(report.verdicts()).as(report.toString())
                .extracting(verdict -> verdict.grade() + " " + verdict.id()).containsExactly(findings);
    }

    private static String finding(ProbeReport report, String id) {
        return report.verdicts().stream().filter(each -> each.id().equals(id)).findFirst().orElseThrow().finding();
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void kwik_repeats_its_close_and_answers_ours_by_no_error() throws Exception {
        try (KwikServer server = KwikServer.start(KwikOptions.DEFAULT.with(KwikOptions.Application.ECHO))) {
            ProbeReport report = audit(server.address(), QuicSetup.PROTOCOL);

            // In some runs its timers send a probe behind its close: after_linger is WEAK then.
            assertThat(report.safe()).as(report.toString()).isTrue();
            assertThat(report.verdicts()).as(report.toString())
                    .extracting(verdict -> verdict.grade() + " " + verdict.id())
                    .contains("GOOD close_says", "GOOD close_repeated", "GOOD lingers", "GOOD answers_our_close",
                            "GOOD silent_after_our_close");
            assertThat(finding(report, "close_says")).contains("transport code 0xa, \"unexpected handshake done");
            assertThat(finding(report, "answers_our_close")).startsWith("by NO_ERROR, ");
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    @NeedsProgram("gtlsserver")
    void ngtcp2_is_asked_by_http3_repeats_its_close_and_does_not_answer_ours() throws Exception {
        try (Ngtcp2Server server = Ngtcp2Server.start()) {
            ProbeReport report = audit(server.address(), Ngtcp2Program.PROTOCOL);

            assertFindings(report, "GOOD close_says", "GOOD close_repeated", "GOOD lingers", "GOOD after_linger",
                    "GOOD answers_our_close", "GOOD silent_after_our_close");
            assertThat(finding(report, "answers_our_close")).isEqualTo("no");
            assertThat(server.program().closesReceived())
                    .contains(CloseFrame.application(0x1f0000021L, "closenotify probe"));
            assertThat(server.program().process().output()).contains("http: stream 0x0 [:method: GET]");
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void the_stock_codec_does_not_repeat_its_close() throws Exception {
        try (QuicServer server = new QuicSetup().server()) {
            assertFindings(audit(server.address(), QuicSetup.PROTOCOL), "GOOD close_says", "WEAK close_repeated",
                    "WEAK lingers", "GOOD after_linger", "GOOD answers_our_close", "GOOD silent_after_our_close");
        }
    }

    @Test
    void an_application_that_closes_over_the_peers_error_leaves_it_answered_for() throws Exception {
        QuicSetup closing = new QuicSetup().connectionPipeline(channel -> {
            ShutdownPair.add(channel, QuicShutdownPolicy.compliant());
            channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                @Override
                public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                    context.close();
                }
            });
        });
        try (QuicServer server = closing.server()) {
            assertFindings(audit(server.address(), QuicSetup.PROTOCOL), "GOOD close_says", "GOOD close_repeated",
                    "GOOD lingers", "GOOD after_linger", "GOOD answers_our_close", "GOOD silent_after_our_close");
        }
    }
}
