package io.closenotify.testsuite.drain;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.drain.Http2GoAwayHook;
import io.closenotify.drain.HttpConnectionCloseHook;
import io.closenotify.quic.http3.Http3GoAwayHook;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.netty.handler.ssl.SslProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A server is drained in the middle of ten thousand requests, and another one takes over. */
@ExtendWith(LeakAndLogCheck.class)
class DrainUnderLoadTest {

    private static final int CONNECTIONS = 40;
    private static final int STREAMS = 25;
    private static final int QUIC_CONNECTIONS = 8;
    private static final int QUIC_STREAMS = 5;

    /** Without pipelining a connection is often idle while a request is on its way to it. */
    @ParameterizedTest
    @CsvSource({"JDK, 1", "OPENSSL, 1", "JDK, 3"})
    void no_request_of_http_1_1_is_lost(SslProvider provider, int pipelined) throws Exception {
        assertNoneLost(new Load().run(new HttpLoad(new TlsSetup(provider, "TLSv1.3"), false), CONNECTIONS, pipelined,
                new HttpConnectionCloseHook()));
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"JDK", "OPENSSL"})
    void no_request_of_http_2_is_lost(SslProvider provider) throws Exception {
        assertNoneLost(new Load().run(new Http2Load(new TlsSetup(provider, "TLSv1.3"), false), CONNECTIONS, STREAMS,
                new Http2GoAwayHook()));
    }

    @Test
    void no_request_of_http_3_is_lost() throws Exception {
        assertNoneLost(new Load().run(new Http3Load(false), QUIC_CONNECTIONS, QUIC_STREAMS, new Http3GoAwayHook()));
    }

    private static void assertNoneLost(Load.Report report) {
        assertThat(report.lost()).as("lost of " + Load.REQUESTS).isZero();
        assertThat(report.notAnsweredOnce()).as("not answered once").isEmpty();
        assertThat(report.notAcceptedOnce()).as("not accepted once").isEmpty();
        assertThat(report.drained().forced()).as("forced").isZero();
        assertThat(report.drained().hooksFailed()).as("hooks failed").isZero();
    }

    @Test
    void stock_connections_of_http_1_1_lose_requests_when_they_are_closed(TestReporter reporter) throws Exception {
        report(reporter, new Load().run(new HttpLoad(new TlsSetup(SslProvider.JDK, "TLSv1.3"), true), CONNECTIONS, 1));
    }

    @Test
    void stock_connections_of_http_2_lose_requests_when_they_are_closed(TestReporter reporter) throws Exception {
        report(reporter, new Load().run(new Http2Load(new TlsSetup(SslProvider.JDK, "TLSv1.3"), true), CONNECTIONS,
                STREAMS));
    }

    @Test
    void stock_connections_of_http_3_lose_requests_when_they_are_closed(TestReporter reporter) throws Exception {
        report(reporter, new Load().run(new Http3Load(true), QUIC_CONNECTIONS, QUIC_STREAMS));
    }

    private static void report(TestReporter reporter, Load.Report report) {
        reporter.publishEntry("lost of " + Load.REQUESTS, String.valueOf(report.lost()));
        assertThat(report.lost()).isPositive();
    }
}
