package io.closenotify.testsuite.soak;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationPolicy;
import io.closenotify.quic.QuicCloseDelivery;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.StreamFlush;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.TcpFaultRelay.Fault;
import io.closenotify.testsuite.soak.TlsScenario.Place;
import io.netty.handler.ssl.SslProvider;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** What really happened passes, and any other outcome for it is seen. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class OracleTest {

    private static Endpoints endpoints;
    private static TlsEvidence clean;
    private static TlsEvidence truncated;
    private static DtlsEvidence dtls;
    private static DtlsEvidence dtlsInHole;
    private static QuicEvidence quic;

    @BeforeAll
    static void connect() throws Exception {
        endpoints = new Endpoints();
        clean = tls(Place.NOWHERE);
        truncated = tls(Place.BEFORE_ALERT);
        dtls = dtls(UdpFault.Kind.NONE);
        dtlsInHole = dtls(UdpFault.Kind.HOLE);
        quic = requireNonNull(new QuicRun(
                new QuicScenario(0, quic(7, true), quic(8, false), trouble(UdpFault.Kind.NONE)), 0, endpoints).run());
    }

    @AfterAll
    static void close() {
        endpoints.close();
    }

    /** The server shuts down first, and what the relay does befalls its bytes. */
    private static TlsEvidence tls(Place place) throws Exception {
        return new TlsRun(new TlsScenario(0, "TLSv1.3", SslProvider.JDK, SslProvider.JDK, tls(false), tls(true),
                place, Fault.FIN, false, Direction.TO_CLIENT, 0), endpoints).run();
    }

    private static TlsScenario.Script tls(boolean shutsDown) {
        return new TlsScenario.Script(ShutdownMode.BIDIRECTIONAL, PeerClosePolicy.RESPOND, TruncationPolicy.FAIL,
                64_000, 0, shutsDown, true, false);
    }

    private static DtlsEvidence dtls(UdpFault.Kind kind) throws Exception {
        return new DtlsRun(new DtlsScenario(0,
                new DtlsScenario.Script(ShutdownMode.BIDIRECTIONAL, 5, true, false),
                new DtlsScenario.Script(ShutdownMode.BIDIRECTIONAL, 0, false, false), trouble(kind)), endpoints).run();
    }

    private static UdpFault trouble(UdpFault.Kind kind) {
        return new UdpFault(kind, Direction.TO_SERVER, true, 0, Duration.ofMillis(1));
    }

    private static QuicScenario.Script quic(long code, boolean shutsDown) {
        return new QuicScenario.Script(QuicShutdownMode.COMPLIANT, StreamFlush.ACKNOWLEDGED,
                QuicConnectionClose.application(code, "bye"), 0, 10_000, shutsDown, true);
    }

    @Test
    void the_truth_passes() {
        assertThat(TlsOracle.judge(clean)).isEmpty();
        assertThat(TlsOracle.judge(truncated)).isEmpty();
        assertThat(truncated.client().outcome().result()).isEqualTo(ShutdownResult.TRUNCATED);
        assertThat(DtlsOracle.judge(dtls)).isEmpty();
        assertThat(DtlsOracle.judge(dtlsInHole)).isEmpty();
        assertThat(dtlsInHole.client().outcome().result()).isEqualTo(ShutdownResult.PEER_SILENT);
        assertThat(QuicOracle.judge(quic)).isEmpty();
        assertThat(quic.server().outcome().remote()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "CLEAN")
    void another_result_of_a_clean_end_is_seen(ShutdownResult other) {
        assertThat(TlsOracle.judge(clean.withClient(clean.client().with(told(clean.client().outcome(), other)))))
                .isNotEmpty();
        assertThat(DtlsOracle.judge(dtls.withClient(dtls.client().with(told(dtls.client().outcome(), other)))))
                .isNotEmpty();
        assertThat(QuicOracle.judge(quic.withClient(quic.client().with(told(quic.client().outcome(), other, null)))))
                .isNotEmpty();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "TRUNCATED")
    void another_result_of_a_truncated_end_is_seen(ShutdownResult other) {
        assertThat(TlsOracle.judge(truncated.withClient(
                truncated.client().with(told(truncated.client().outcome(), other))))).isNotEmpty();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "PEER_SILENT")
    void another_result_of_a_silent_peer_is_seen(ShutdownResult other) {
        assertThat(DtlsOracle.judge(dtlsInHole.withClient(
                dtlsInHole.client().with(told(dtlsInHole.client().outcome(), other))))).isNotEmpty();
    }

    @Test
    void flags_that_do_not_agree_with_the_relay_are_seen() {
        assertThat(TlsOracle.judge(truncated.withClient(truncated.client().with(
                flags(truncated.client().outcome(), true, true))))).anyMatch(line -> line.contains("carried whole"));
        assertThat(TlsOracle.judge(clean.withClient(clean.client().with(
                flags(clean.client().outcome(), false, true))))).anyMatch(line -> line.contains("not told"));
        assertThat(DtlsOracle.judge(dtlsInHole.withClient(dtlsInHole.client().with(
                flags(dtlsInHole.client().outcome(), true, true))))).anyMatch(line -> line.contains("carried"));
    }

    @Test
    void lost_bytes_are_seen() {
        assertThat(TlsOracle.judge(clean.withClient(clean.client().withReceived(63_999))))
                .anyMatch(line -> line.contains("63999 of 64000"));
        assertThat(QuicOracle.judge(quic.withServer(quic.server().withReceived(9_999))))
                .anyMatch(line -> line.contains("the peer read 9999"));
    }

    @Test
    void another_error_code_is_seen() {
        QuicConnectionClose other = QuicConnectionClose.application(9, "bye");
        assertThat(QuicOracle.judge(quic.withServer(quic.server().with(
                told(quic.server().outcome(), ShutdownResult.CLEAN, other)))))
                .anyMatch(line -> line.contains("errorCode=9"));
    }

    private static ShutdownOutcome told(ShutdownOutcome truth, ShutdownResult result) {
        return outcome(truth, result, truth.closeNotifySent(), truth.closeNotifyReceived());
    }

    private static ShutdownOutcome flags(ShutdownOutcome truth, boolean sent, boolean received) {
        return outcome(truth, truth.result(), sent, received);
    }

    private static ShutdownOutcome outcome(ShutdownOutcome truth, ShutdownResult result, boolean sent,
            boolean received) {
        return new ShutdownOutcome(truth.protocol(), result, truth.initiator(), truth.mode(), sent, received,
                truth.lastAlert(), truth.bytesDelivered(), truth.bytesDiscarded(), truth.bytesNotFlushed(),
                truth.flushTime(), truth.peerTime(), truth.lingerTime(), truth.transportKept(),
                truth.sessionResumable(), truth.repeats(), truth.missingAtMost(), truth.cause());
    }

    private static QuicShutdownOutcome told(QuicShutdownOutcome truth, ShutdownResult result,
            @Nullable QuicConnectionClose close) {
        return new QuicShutdownOutcome(result, truth.initiator(), truth.mode(),
                result == ShutdownResult.RESET ? QuicCloseDelivery.NOT_SENT : truth.delivery(),
                close == null ? truth.close() : close, truth.remote(), truth.bytesUnacknowledged(),
                truth.flushTime(), truth.closeTime(), truth.cause());
    }
}
