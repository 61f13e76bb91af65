package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.RealPeer.POLICY;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.peers.Connection.Application;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A client of TLS 1.3 that only writes, and closes before it has read anything, can resume its session. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class SessionTest {

    private static final int RESUMPTIONS = 20;

    static Stream<Arguments> clientsAndServers() {
        return Stream.of(SslProvider.JDK, SslProvider.OPENSSL).flatMap(client ->
                Stream.of(SslProvider.JDK, SslProvider.OPENSSL).map(server -> Arguments.of(client, server)));
    }

    private static TlsShutdownHandler withEarlyTickets() {
        return TlsShutdownHandler.builder().policy(POLICY).earlyTickets(true).build();
    }

    @ParameterizedTest
    @MethodSource("clientsAndServers")
    void a_client_that_only_writes_resumes_its_session(SslProvider client, SslProvider server) throws Exception {
        SslContext context = new TlsSetup(client, "TLSv1.3").client();
        int resumed = 0;
        try (Connection.Server listener = new Connection.Server(new TlsSetup(server, "TLSv1.3").server(),
                SessionTest::withEarlyTickets, Application.QUIET)) {
            for (int i = 0; i <= RESUMPTIONS; i++) {
                long start = System.currentTimeMillis();
                Connection ours = Connection.client(context, listener.port(), POLICY, Application.QUIET);
                resumed += ours.resumedSince(start) ? 1 : 0;
                ours.write(1);
                ours.channel().close();
                ShutdownOutcome outcome = ours.end();
                assertThat(outcome.isSuccess()).as(outcome.toString()).isTrue();
                listener.next().end();
            }
        }
        assertThat(resumed).isEqualTo(RESUMPTIONS);
    }

    /** The client's certificates are in the tickets, which then exceed BoringSSL's buffer of 2,048 bytes. */
    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"JDK", "OPENSSL"})
    void tickets_that_exceed_the_buffer_arrive_too_and_hurt_nobody(SslProvider provider) throws Exception {
        SelfSignedCertificate certificate = TlsSetup.sharedCertificate();
        SslContext clientContext = SslContextBuilder.forClient().sslProvider(provider).protocols("TLSv1.3")
                .trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm(null)
                .keyManager(new LongChain()).build();
        SslContext serverContext = SslContextBuilder.forServer(certificate.key(), certificate.cert())
                .sslProvider(SslProvider.OPENSSL).protocols("TLSv1.3").clientAuth(ClientAuth.REQUIRE)
                .trustManager(InsecureTrustManagerFactory.INSTANCE).build();
        try (Connection.Server listener = new Connection.Server(
                serverContext, SessionTest::withEarlyTickets, Application.QUIET)) {
            for (int i = 0; i < 3; i++) {
                long start = System.currentTimeMillis();
                Connection ours = Connection.client(clientContext, listener.port(), POLICY, Application.QUIET);
                assertThat(ours.resumedSince(start)).isEqualTo(i > 0);
                Connection accepted = listener.next();
                ours.write(1);
                accepted.awaitBytes(1);
                if (i == 2) {
                    accepted.write(100_000);
                    ours.awaitBytes(100_000);
                    assertThat(ours.intact()).isTrue();
                }
                ours.channel().close();
                assertThat(ours.end().result()).isEqualTo(ShutdownResult.CLEAN);
                accepted.end();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"JDK", "OPENSSL"})
    @NeedsProgram("openssl")
    void openssl_s_server_resumes_it_too(SslProvider client) throws Exception {
        try (RealPeer peer = OpenSslServerTest.server(new TlsSetup(client, "TLSv1.3"))) {
            int resumed = 0;
            for (int i = 0; i <= RESUMPTIONS; i++) {
                long start = System.currentTimeMillis();
                Connection ours = peer.connect(POLICY);
                resumed += ours.resumedSince(start) ? 1 : 0;
                ours.write(1);
                ours.channel().close();
                assertThat(ours.end().sessionResumable()).isTrue();
            }
            assertThat(resumed).isEqualTo(RESUMPTIONS);
        }
    }

    static Stream<Arguments> setupsAndForgery() {
        return TlsSetup.cross(TlsSetup.all().stream(), new Boolean[] {true, false});
    }

    /** RFC 5246, section 7.2.2: the session must not be resumed; RFC 8446, section 6: nor should tickets be used. */
    @ParameterizedTest
    @MethodSource("setupsAndForgery")
    void after_a_fatal_alert_the_next_handshake_is_a_full_one(TlsSetup setup, boolean forged) throws Exception {
        SslContext context = setup.client();
        try (Connection.Server listener = new Connection.Server(
                setup.with(SslProvider.JDK).server(), (ShutdownPolicy) null, Application.QUIET)) {
            Connection first = Connection.client(context, listener.port(), POLICY, Application.QUIET);
            Connection accepted = listener.next();
            accepted.write(1);
            first.awaitBytes(1);
            if (forged) {
                byte[] record = new byte[5 + 64];
                record[0] = 23;
                record[1] = 3;
                record[2] = 3;
                record[4] = 64;
                // Past TLS, as an attacker would.
                accepted.channel().pipeline().firstContext().writeAndFlush(Unpooled.wrappedBuffer(record));
            } else {
                accepted.channel().close();
            }
            ShutdownOutcome outcome = first.end();
            assertThat(outcome.result()).isEqualTo(forged ? ShutdownResult.FATAL_ALERT : ShutdownResult.CLEAN);
            assertThat(outcome.sessionResumable()).isEqualTo(!forged);

            long start = System.currentTimeMillis();
            Connection second = Connection.client(context, listener.port(), POLICY, Application.QUIET);
            assertThat(second.resumedSince(start)).isEqualTo(!forged);
            listener.next().channel().close();
            second.end();
        }
    }

    /** Shows one certificate many times. */
    private static final class LongChain extends X509ExtendedKeyManager {

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return new String[] {"long"};
        }

        @Override
        public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
            return "long";
        }

        @Override
        public String chooseEngineClientAlias(String[] keyTypes, Principal[] issuers, SSLEngine engine) {
            return "long";
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return null;
        }

        @Override
        public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            X509Certificate[] chain = new X509Certificate[8];
            Arrays.fill(chain, TlsSetup.sharedCertificate().cert());
            return chain;
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return TlsSetup.sharedCertificate().key();
        }
    }
}
