package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.ExpectedLog;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A peer that does not want us to end, while we wait for its close_notify: a cap or the deadline ends it. */
@ExtendWith(LeakAndLogCheck.class)
class HostilePeerTest {

    private static final int FLOOD = 20_000;
    private static final Duration PEER_TIMEOUT = ShutdownPolicy.bidirectional().peerTimeout();

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    @ParameterizedTest
    @MethodSource("setups")
    @ExpectedLog("forced: more than 200000 bytes arrived after our close_notify")
    void a_flood_of_data_ends_at_the_cap(TlsSetup setup) throws SSLException {
        ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder()
                .inboundCap(200_000).ticketTimeout(Duration.ZERO).build();
        try (Flood flood = new Flood(setup, policy)) {
            byte[] data = new byte[10_000];
            int records = 0;
            while (flood.application.outcomes.isEmpty() && records < 100) {
                flood.send(RecordForge.APPLICATION_DATA, data);
                records++;
            }
            ShutdownOutcome outcome = flood.application.outcomes.element();
            assertThat(outcome.result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(outcome.cause()).hasMessageContaining("200000 bytes");
            assertThat(records).isEqualTo(21);
            assertThat(flood.application.bytes).hasValue(200_000);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    @ExpectedLog("forced: more than 65536 bytes of alerts and empty records arrived after our close_notify")
    void a_flood_of_warning_alerts_ends_at_our_cap_or_the_engines_own_limit(TlsSetup setup) throws SSLException {
        // no_renegotiation in TLS 1.2; user_canceled is the only warning that TLS 1.3 still knows.
        byte description = (byte) (setup.tls13() ? 90 : 100);
        // BoringSSL allows 4 warnings; the JDK any number.
        flood(setup, setup.boringSsl(), RecordForge.ALERT, (byte) 1, description);
    }

    @ParameterizedTest
    @MethodSource("setups")
    @ExpectedLog("forced: more than 65536 bytes of alerts and empty records arrived after our close_notify")
    void a_flood_of_empty_records_ends_at_our_cap_or_the_engines_own_limit(TlsSetup setup) throws SSLException {
        // BoringSSL allows 32; the JDK reads one of TLS 1.3 as broken, and any number of them in TLS 1.2.
        flood(setup, setup.boringSsl() || setup.tls13(), RecordForge.APPLICATION_DATA);
    }

    private static void flood(TlsSetup setup, boolean engineHasLimit, int type, byte... content) throws SSLException {
        try (Flood flood = new Flood(setup, ShutdownPolicy.bidirectional())) {
            int sent = 0;
            while (flood.application.outcomes.isEmpty() && sent < FLOOD) {
                flood.send(type, content);
                sent++;
            }
            assertThat(flood.application.outcomes.element().result())
                    .isEqualTo(engineHasLimit ? ShutdownResult.FATAL_ALERT : ShutdownResult.ABORTED);
            assertThat(sent).isBetween(1, (1 << 16) / 20);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_byte_a_second_does_not_extend_the_deadline(TlsSetup setup) throws SSLException {
        try (Flood flood = new Flood(setup, ShutdownPolicy.bidirectional())) {
            ByteBuf record = flood.forge.record(RecordForge.APPLICATION_DATA, new byte[100]);
            Duration passed = Duration.ZERO;
            while (flood.application.outcomes.isEmpty()) {
                flood.pair.toUs(record.readRetainedSlice(1));
                flood.pair.advance(Duration.ofSeconds(1));
                passed = passed.plusSeconds(1);
            }
            record.release();
            assertThat(passed).isEqualTo(PEER_TIMEOUT);
            assertThat(flood.application.outcomes.element().result()).isEqualTo(ShutdownResult.PEER_SILENT);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void what_follows_a_close_notify_is_ignored(TlsSetup setup) throws SSLException {
        try (Flood flood = new Flood(setup, ShutdownPolicy.bidirectional())) {
            ByteBuf closeNotify = flood.forge.record(RecordForge.ALERT, (byte) 1, (byte) 0);
            ByteBuf data = flood.forge.record(RecordForge.APPLICATION_DATA, new byte[100]);
            ByteBuf garbage = Unpooled.wrappedBuffer(new byte[] {'G', 'E', 'T', ' ', '/', '\r', '\n', 0, 0, 0});
            flood.pair.toUs(Unpooled.wrappedBuffer(closeNotify, data, garbage));
            flood.pair.toUs(Unpooled.wrappedBuffer(new byte[1000]));
            assertThat(flood.application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(flood.application.bytes).hasValue(0);
            assertThat(flood.application.exceptions).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_record_that_cannot_be_read_is_a_fatal_alert_of_ours(TlsSetup setup) throws SSLException {
        try (Flood flood = new Flood(setup, ShutdownPolicy.bidirectional(), false)) {
            ByteBuf broken = flood.forge.record(RecordForge.APPLICATION_DATA, new byte[100]);
            broken.setByte(broken.writerIndex() - 1, broken.getByte(broken.writerIndex() - 1) ^ 1);
            flood.pair.toUs(broken);
            ShutdownOutcome outcome = flood.application.outcomes.element();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.FATAL_ALERT);
            assertThat(outcome.sessionResumable()).isFalse();
            assertThat(flood.application.exceptions).as("surfaced to the application").isNotEmpty();
            assertThat(flood.pair.ours.isOpen()).isFalse();
        }
    }

    /** Our client, waiting for the close_notify of a BoringSSL server in whose name records are forged. */
    private static final class Flood implements AutoCloseable {

        private final Recorder application = new Recorder();
        private final EmbeddedTlsPair pair;
        private final RecordForge forge;

        Flood(TlsSetup setup, ShutdownPolicy policy) throws SSLException {
            this(setup, policy, true);
        }

        Flood(TlsSetup setup, ShutdownPolicy policy, boolean shutDown) throws SSLException {
            SelfSignedCertificate certificate = TlsSetup.sharedCertificate();
            SslContext server = SslContextBuilder.forServer(certificate.certificate(), certificate.privateKey())
                    .sslProvider(SslProvider.OPENSSL).protocols(setup.protocol())
                    .ciphers(List.of(RecordForge.CIPHER_TLS12, RecordForge.CIPHER_TLS13)).build();
            RecordForge.logSecrets(server);
            pair = new EmbeddedTlsPair(setup.handler(true), server.newHandler(ByteBufAllocator.DEFAULT), true, policy,
                    application);
            forge = RecordForge.of(pair.peerSsl, false, setup.tls13());
            if (shutDown) {
                pair.handler.shutdown();
                pair.takeFromUs().release();
            }
        }

        void send(int type, byte... content) {
            pair.toUs(forge.record(type, content));
            pair.takeFromUs().release();
        }

        @Override
        public void close() {
            pair.takeFromUs().release();
            pair.advance(PeerBehaviour.atMost());
            pair.close();
        }
    }
}
