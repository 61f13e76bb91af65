package io.closenotify.testsuite.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.peers.NeedsProgram;
import io.closenotify.testsuite.quic.KwikOptions.Application;
import io.closenotify.testsuite.quic.KwikStream.End;
import io.netty.buffer.Unpooled;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import tech.kwik.core.ConnectionTerminatedEvent.CloseReason;
import tech.kwik.core.QuicConstants.TransportErrorCode;

/** The peers, against the stock codec and each other: what later tests say of our handler rests on them. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class QuicPeersTest {

    private static final CloseFrame BYE = CloseFrame.application(7, "bye");
    private static final long BEYOND_32_BITS = (1L << 32) + 5;
    private static final long LARGEST = (1L << 62) - 1;
    private static final int MUCH = 300_000;

    /** HTTP/3 calls the end of a control stream an error of the connection: H3_CLOSED_CRITICAL_STREAM. */
    private static final byte[] CONTROL_STREAM = {0, 0, 0};
    private static final CloseFrame CLOSED_CRITICAL_STREAM = CloseFrame.application(0x104, "");

    private static void closeByCodec(OurConnection ours) throws InterruptedException {
        Future<Void> closed = ours.channel().close(true, 7,
                Unpooled.copiedBuffer("bye", StandardCharsets.UTF_8));
        assertThat(Waits.done(closed).isSuccess()).isTrue();
    }

    private static QuicSetup http3() {
        return new QuicSetup().protocol(Ngtcp2Program.PROTOCOL);
    }

    // The codec with itself

    @Test
    void our_two_sides_shake_hands_and_see_each_others_streams_and_close() throws Exception {
        try (QuicServer server = new QuicSetup().server(); QuicClient client = new QuicSetup().client()) {
            OurConnection near = client.connect(server.address());
            OurConnection far = server.next();
            OurStream sent = near.open(QuicStreamType.UNIDIRECTIONAL);
            sent.writeAndFinish(MUCH);
            OurStream received = far.nextStream();
            received.awaitFin();

            assertThat(received.bytes()).isEqualTo(MUCH);
            assertThat(received.intact()).isTrue();
            closeByCodec(near);
            assertThat(far.closeReceived()).isEqualTo(BYE);
            far.awaitEnd();
            assertThat(far.exceptions()).isEmpty();
        }
    }

    @Test
    void a_server_of_ours_takes_its_certificate_from_a_key_store() throws Exception {
        char[] password = "secret".toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("server", TestCertificate.get().key(), password,
                new Certificate[] {TestCertificate.get().cert()});
        try (QuicServer server = new QuicSetup().certificate(store, "server", password).server();
                QuicClient client = new QuicSetup().client()) {
            client.connect(server.address());
            server.next();
        }
    }

    // Kwik

    @Test
    void kwik_as_a_server_reads_our_stream_to_its_fin() throws Exception {
        try (KwikServer server = KwikServer.start(); QuicClient client = new QuicSetup().client()) {
            OurConnection ours = client.connect(server.address());
            OurStream stream = ours.open(QuicStreamType.UNIDIRECTIONAL);
            stream.writeAndFinish(MUCH);

            KwikStream read = server.next().nextStream();
            assertThat(read.end()).isEqualTo(End.FIN);
            assertThat(read.bytes()).isEqualTo(MUCH);
            assertThat(read.intact()).isTrue();
            assertThat(read.arrived()).isEqualTo(new KwikLog.Arrival(MUCH, true));
        }
    }

    @Test
    void kwik_as_a_client_reads_our_stream_to_its_fin() throws Exception {
        try (QuicServer server = new QuicSetup().server();
                KwikClient client = KwikClient.connect(server.address())) {
            OurStream stream = server.next().open(QuicStreamType.BIDIRECTIONAL);
            stream.writeAndFinish(MUCH);

            KwikStream read = client.connection().nextStream();
            assertThat(read.end()).isEqualTo(End.FIN);
            assertThat(read.bytes()).isEqualTo(MUCH);
            assertThat(read.intact()).isTrue();
        }
    }

    @Test
    void kwik_as_a_server_echoes_on_request() throws Exception {
        try (KwikServer server = KwikServer.start(KwikOptions.DEFAULT.with(Application.ECHO));
                QuicClient client = new QuicSetup().client()) {
            OurStream stream = client.connect(server.address()).open(QuicStreamType.BIDIRECTIONAL);
            stream.writeAndFinish(MUCH);
            stream.awaitFin();

            assertThat(stream.bytes()).isEqualTo(MUCH);
            assertThat(stream.intact()).isTrue();
        }
    }

    @Test
    void kwik_opens_streams_in_both_roles() throws Exception {
        try (KwikServer server = KwikServer.start(); QuicClient client = new QuicSetup().client();
                QuicServer ourServer = new QuicSetup().server();
                KwikClient kwikClient = KwikClient.connect(ourServer.address())) {
            OurConnection ours = client.connect(server.address());
            KwikStream fromServer = server.next().openUnidirectional();
            fromServer.send(MUCH);
            fromServer.finish();
            KwikStream fromClient = kwikClient.connection().openBidirectional();
            fromClient.send(MUCH);
            fromClient.finish();

            for (OurConnection each : new OurConnection[] {ours, ourServer.next()}) {
                OurStream stream = each.nextStream();
                stream.awaitFin();
                assertThat(stream.bytes()).isEqualTo(MUCH);
                assertThat(stream.intact()).isTrue();
            }
        }
    }

    @Test
    void kwik_tells_that_a_stream_was_cut_off_by_a_close() throws Exception {
        try (KwikServer server = KwikServer.start(); QuicClient client = new QuicSetup().client()) {
            OurConnection ours = client.connect(server.address());
            Waits.done(ours.open(QuicStreamType.UNIDIRECTIONAL).write(1));
            KwikStream read = server.next().nextStream();
            closeByCodec(ours);

            assertThat(read.end()).isEqualTo(End.CONNECTION_CLOSED);
            assertThat(read.arrived()).isEqualTo(new KwikLog.Arrival(1, false));
        }
    }

    @Test
    void kwik_as_a_server_sees_the_codecs_close_with_code_and_reason() throws Exception {
        try (KwikServer server = KwikServer.start(); QuicClient client = new QuicSetup().client()) {
            OurConnection ours = client.connect(server.address());
            KwikConnection kwik = server.next();
            closeByCodec(ours);

            assertThat(kwik.end()).isEqualTo(new KwikEnd(CloseReason.ImmediateClose, true, BYE));
            assertThat(kwik.closesReceived()).containsExactly(BYE);
        }
    }

    @Test
    void kwik_as_a_client_sees_the_codecs_close_with_code_and_reason() throws Exception {
        try (QuicServer server = new QuicSetup().server();
                KwikClient client = KwikClient.connect(server.address())) {
            closeByCodec(server.next());

            assertThat(client.connection().end()).isEqualTo(new KwikEnd(CloseReason.ImmediateClose, true, BYE));
            assertThat(client.connection().closesReceived()).containsExactly(BYE);
        }
    }

    @Test
    void kwik_as_a_server_closes_with_a_code_that_the_codec_cuts_to_32_bits() throws Exception {
        try (KwikServer server = KwikServer.start(); QuicClient client = new QuicSetup().client()) {
            OurConnection ours = client.connect(server.address());
            KwikConnection kwik = server.next();
            kwik.close(BEYOND_32_BITS, "long");

            assertThat(ours.closeReceived()).isEqualTo(CloseFrame.application(5, "long"));
            ours.awaitEnd();
            KwikEnd end = kwik.end();
            assertThat(end.closedByPeer()).isFalse();
            assertThat(end.close().code()).isEqualTo(BEYOND_32_BITS);
            assertThat(server.closesSent()).containsOnly(CloseFrame.application(BEYOND_32_BITS, "long"));
        }
    }

    @Test
    void kwik_as_a_client_closes_with_a_code_that_the_codec_cuts_to_32_bits() throws Exception {
        try (QuicServer server = new QuicSetup().server();
                KwikClient client = KwikClient.connect(server.address())) {
            OurConnection ours = server.next();
            client.connection().close(BEYOND_32_BITS, "long");

            assertThat(ours.closeReceived()).isEqualTo(CloseFrame.application(5, "long"));
            ours.awaitEnd();
        }
    }

    @Test
    void kwik_closes_for_the_transport_and_without_a_reason() throws Exception {
        try (QuicServer server = new QuicSetup().server();
                KwikClient client = KwikClient.connect(server.address())) {
            OurConnection ours = server.next();
            client.connection().close(TransportErrorCode.INTERNAL_ERROR, "");

            assertThat(ours.closeReceived()).isEqualTo(CloseFrame.transport(1, ""));
        }
    }

    @Test
    void the_type_and_the_reason_of_a_close_with_code_0_are_told_though_kwiks_event_lacks_them() throws Exception {
        try (KwikServer server = KwikServer.start(); QuicClient client = new QuicSetup().client()) {
            OurConnection ours = client.connect(server.address());
            KwikConnection kwik = server.next();
            ours.channel().close(true, 0, Unpooled.copiedBuffer("done", StandardCharsets.UTF_8));

            assertThat(kwik.end().close()).isEqualTo(CloseFrame.application(0, "done"));
        }
    }

    @Test
    void kwik_tells_an_idle_timeout_from_a_close() throws Exception {
        try (KwikServer server = KwikServer.start(KwikOptions.DEFAULT.withIdleTimeout(Duration.ofMillis(200)));
                QuicClient client = new QuicSetup().client()) {
            OurConnection ours = client.connect(server.address());

            assertThat(server.next().end()).isEqualTo(new KwikEnd(CloseReason.IdleTimeout, false, null));
            ours.awaitEnd();
            assertThat(ours.channel().isTimedOut()).isTrue();
        }
    }

    // ngtcp2

    @Test
    @NeedsProgram("gtlsserver")
    void ngtcp2_as_a_server_sees_the_codecs_close_with_code_and_reason() throws Exception {
        try (Ngtcp2Server server = Ngtcp2Server.start(); QuicClient client = http3().client()) {
            OurConnection ours = client.connect(server.address());
            server.program().awaitHandshake();
            closeByCodec(ours);

            assertThat(server.program().closeReceived()).isEqualTo(BYE);
            assertThat(server.program().closesReceived()).containsExactly(BYE);
            assertThat(server.program().closesSent()).isEmpty();
        }
    }

    @Test
    @NeedsProgram("gtlsclient")
    void ngtcp2_as_a_client_sees_the_codecs_close_with_code_and_reason_and_leaves() throws Exception {
        try (QuicServer server = http3().server(); Ngtcp2Client client = Ngtcp2Client.connect(server.address())) {
            closeByCodec(server.next());

            assertThat(client.program().closeReceived()).isEqualTo(BYE);
            assertThat(client.program().process().awaitExit()).isZero();
            assertThat(client.program().closesReceived()).containsExactly(BYE);
            assertThat(client.program().closesSent()).isEmpty();
        }
    }

    @Test
    @NeedsProgram("gtlsserver")
    void ngtcp2_as_a_server_reads_our_stream_and_closes_over_its_end() throws Exception {
        try (Ngtcp2Server server = Ngtcp2Server.start(); QuicClient client = http3().client()) {
            OurConnection ours = client.connect(server.address());
            OurStream stream = ours.open(QuicStreamType.UNIDIRECTIONAL);
            stream.writeAndFinish(CONTROL_STREAM);

            assertThat(server.program().finReceived())
                    .isEqualTo(new Ngtcp2Program.Fin(stream.id(), CONTROL_STREAM.length));
            assertThat(ours.closeReceived()).isEqualTo(CLOSED_CRITICAL_STREAM);
            assertThat(server.program().closeSent()).isEqualTo(CLOSED_CRITICAL_STREAM);
        }
    }

    @Test
    @NeedsProgram("gtlsclient")
    void ngtcp2_as_a_client_reads_our_stream_and_closes_over_its_end() throws Exception {
        try (QuicServer server = http3().server(); Ngtcp2Client client = Ngtcp2Client.connect(server.address())) {
            OurConnection ours = server.next();
            OurStream stream = ours.open(QuicStreamType.UNIDIRECTIONAL);
            stream.writeAndFinish(CONTROL_STREAM);

            assertThat(client.program().finReceived())
                    .isEqualTo(new Ngtcp2Program.Fin(stream.id(), CONTROL_STREAM.length));
            assertThat(ours.closeReceived()).isEqualTo(CLOSED_CRITICAL_STREAM);
            assertThat(client.program().closeSent()).isEqualTo(CLOSED_CRITICAL_STREAM);
        }
    }

    // Kwik and ngtcp2, for what the codec alone cannot send

    @Test
    @NeedsProgram("gtlsserver")
    void ngtcp2_as_a_server_tells_codes_of_62_bits() throws Exception {
        try (Ngtcp2Server server = Ngtcp2Server.start();
                KwikClient client = KwikClient.connect(server.address(),
                        KwikOptions.DEFAULT.withProtocol(Ngtcp2Program.PROTOCOL))) {
            server.program().awaitHandshake();
            client.connection().close(LARGEST, "a [reason] (0x1c) with traps");

            assertThat(server.program().closeReceived())
                    .isEqualTo(CloseFrame.application(LARGEST, "a [reason] (0x1c) with traps"));
        }
    }

    @Test
    @NeedsProgram("gtlsclient")
    void ngtcp2_as_a_client_tells_codes_of_62_bits() throws Exception {
        try (KwikServer server = KwikServer.start(KwikOptions.DEFAULT.withProtocol(Ngtcp2Program.PROTOCOL));
                Ngtcp2Client client = Ngtcp2Client.connect(server.address())) {
            server.next().close(LARGEST, "");

            assertThat(client.program().closeReceived()).isEqualTo(CloseFrame.application(LARGEST, ""));
        }
    }

    @Test
    @NeedsProgram("gtlsserver")
    void ngtcp2_tells_a_close_of_the_transport_by_its_type() throws Exception {
        try (Ngtcp2Server server = Ngtcp2Server.start();
                KwikClient client = KwikClient.connect(server.address(),
                        KwikOptions.DEFAULT.withProtocol(Ngtcp2Program.PROTOCOL))) {
            server.program().awaitHandshake();
            client.connection().close(TransportErrorCode.INTERNAL_ERROR, "why");

            assertThat(server.program().closeReceived()).isEqualTo(CloseFrame.transport(1, "why"));
        }
    }
}
