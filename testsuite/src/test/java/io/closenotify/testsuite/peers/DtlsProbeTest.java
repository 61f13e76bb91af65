package io.closenotify.testsuite.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.dtls.DtlsHandler;
import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.dtls.DtlsProber;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.dtls.DtlsSetup;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the audit finds with the servers of others, as {@link RealDtls} describes them. */
@NeedsProgram({"openssl", "gnutls-serv", "botan", "stdbuf"})
@EnabledOnOs(OS.LINUX)
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class DtlsProbeTest {

    /** Longer than a flight waits until it is sent again. */
    private static final Duration PATIENCE = Duration.ofMillis(1500);

    static Stream<Arguments> findings() {
        return Stream.of(
                // Serves one client in turn: nobody else while one is silent. What follows a close_notify is not read.
                Arguments.of(RealDtls.OPENSSL, List.of("GOOD answers_close_notify", "GOOD new_handshake",
                        "GOOD resumes_after_full", "GOOD resumes_after_fast", "UNKNOWN resumes_after_quiet",
                        "WEAK answers_again")),
                // Never sends a close_notify. It is not asked again, which it would not bear.
                Arguments.of(RealDtls.GNUTLS, List.of("GOOD new_handshake", "GOOD resumes_after_full",
                        "BAD answers_close_notify", "GOOD resumes_after_fast", "UNKNOWN resumes_after_quiet")),
                // Its socket is connected to the first client's, and now and then its program ends over a close.
                Arguments.of(RealDtls.BOTAN, List.of("GOOD answers_close_notify", "GOOD new_handshake",
                        "GOOD resumes_after_full", "(UNKNOWN serves_on|GOOD resumes_after_fast",
                        "(UNKNOWN serves_on|UNKNOWN resumes_after_quiet", "(WEAK answers_again|UNKNOWN serves_on)))")),
                Arguments.of(RealDtls.SCANDIUM, List.of("GOOD answers_close_notify", "GOOD new_handshake",
                        "GOOD resumes_after_full", "GOOD resumes_after_fast", "GOOD resumes_after_quiet",
                        "WEAK answers_again")));
    }

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @MethodSource("findings")
    void the_audit_finds_what_the_server_does(RealDtls servers, List<String> findings) throws Exception {
        SSLContext context = DtlsSetup.context();
        try (DtlsServerPeer server = servers.server()) {
            ProbeReport report = new DtlsProber(() -> DtlsHandler.builder(context), PATIENCE,
                    "hello\n".getBytes(StandardCharsets.US_ASCII))
                    .audit("127.0.0.1", server.address().getPort());

            assertThat(report.failure()).isNull();
            assertThat(report.verdicts().stream().map(verdict -> verdict.grade() + " " + verdict.id())
                    .collect(Collectors.joining("\n"))).as(report.toString()).matches(String.join("\n", findings));
        }
    }

    /** It would spin for ever over a close_notify of nobody that it knows. */
    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void the_audit_leaves_gnutls_in_service() throws Exception {
        SSLContext context = DtlsSetup.context();
        try (DtlsServerPeer server = RealDtls.GNUTLS.server()) {
            for (int audit = 0; audit < 2; audit++) {
                assertThat(new DtlsProber(() -> DtlsHandler.builder(context), Duration.ofMillis(600), null)
                        .audit("127.0.0.1", server.address().getPort()).failure()).isNull();
            }
        }
    }
}
